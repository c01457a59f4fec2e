import { type AudioFacts, SILENT, secondsOf } from "#lib/transcription/containers/facts.ts";

/** Boxes that are looked at in one file, whatever stands in what. */
const MAX_BOXES = 100_000;
/** Pictures in the same container. */
const PICTURES = /^(?:heic|heix|hevc|heim|heis|mif1|msf1|avif|avis|crx )$/;

type Box = { type: string; start: number; end: number };

/** A file of MPEG-4 or QuickTime; undefined for another file. */
export function inspectMp4(bytes: Buffer): AudioFacts | undefined {
  if (bytes.toString("latin1", 4, 8) !== "ftyp") return undefined;
  if (PICTURES.test(bytes.toString("latin1", 8, 12))) return undefined;
  const reader = new BoxReader(bytes);
  const movie = reader.find({ start: 0, end: bytes.length }, "moov");
  if (movie === undefined) return SILENT;
  const sound = soundIn(movie, reader);
  if (sound === undefined) return SILENT;
  const seconds =
    durationOf(bytes, reader.find(sound, "mdhd")) ?? durationOf(bytes, reader.find(movie, "mvhd"));
  return { hasSound: true, seconds };
}

/** The media of the first track that is sound. */
function soundIn(movie: Box, reader: BoxReader): Box | undefined {
  for (const track of reader.boxes(movie)) {
    const media = track.type === "trak" ? reader.find(track, "mdia") : undefined;
    if (media !== undefined && reader.handlerOf(media) === "soun") return media;
  }
  return undefined;
}

/** Reads the boxes of one file, no more than `MAX_BOXES`. */
class BoxReader {
  readonly #bytes: Buffer;
  #left = MAX_BOXES;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  find(place: Omit<Box, "type">, type: string): Box | undefined {
    for (const box of this.boxes(place)) if (box.type === type) return box;
    return undefined;
  }

  /** The boxes that stand directly in a place. */
  *boxes({ start, end }: Omit<Box, "type">): Generator<Box> {
    const bytes = this.#bytes;
    let at = start;
    while (at + 8 <= end && this.#left > 0) {
      this.#left -= 1;
      const size = bytes.readUInt32BE(at);
      const isLong = size === 1;
      if (isLong && at + 16 > end) return;
      const header = isLong ? 16 : 8;
      const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : size;
      // The last box may leave its size open.
      const next = length === 0 ? end : at + length;
      if (next < at + header) return;
      const type = bytes.toString("latin1", at + 4, at + 8);
      yield { type, start: at + header, end: Math.min(next, end) };
      at = next;
    }
  }

  handlerOf(media: Box): string | undefined {
    const handler = this.find(media, "hdlr");
    return (
      handler && this.#bytes.toString("latin1", handler.start + 8, Math.min(handler.start + 12, handler.end))
    );
  }
}

/** From `mdhd` or `mvhd`, which begin alike. A recorder that writes as it records leaves it at 0. */
function durationOf(bytes: Buffer, header: Box | undefined): number | undefined {
  if (header === undefined || header.end - header.start < 32) return undefined;
  const { start } = header;
  const isLong = bytes.readUInt8(start) === 1;
  const rate = bytes.readUInt32BE(start + (isLong ? 20 : 12));
  const units = isLong ? Number(bytes.readBigUInt64BE(start + 24)) : bytes.readUInt32BE(start + 16);
  const isOpen = units === 0 || units === 0xffff_ffff;
  return isOpen ? undefined : secondsOf(units, rate);
}
