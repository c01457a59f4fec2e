import { type AudioFacts, SILENT, secondsOf } from "#lib/transcription/containers/facts.ts";

/** Boxes that are looked at on one level. */
const MAX_BOXES = 100_000;
/** Pictures in the same container. */
const PICTURES = /^(?:heic|heix|hevc|heim|heis|mif1|msf1|avif|avis|crx )$/;

type Box = { type: string; start: number; end: number };

/** A file of MPEG-4 or QuickTime; undefined for another file. */
export function inspectMp4(bytes: Buffer): AudioFacts | undefined {
  if (bytes.toString("latin1", 4, 8) !== "ftyp") return undefined;
  if (PICTURES.test(bytes.toString("latin1", 8, 12))) return undefined;
  const movie = find(bytes, { start: 0, end: bytes.length }, "moov");
  if (movie === undefined) return SILENT;
  const sound = boxes(bytes, movie)
    .filter(({ type }) => type === "trak")
    .map((track) => find(bytes, track, "mdia"))
    .find((media) => media !== undefined && handlerOf(bytes, media) === "soun");
  if (sound === undefined) return SILENT;
  const seconds =
    durationOf(bytes, find(bytes, sound, "mdhd")) ?? durationOf(bytes, find(bytes, movie, "mvhd"));
  return { hasSound: true, seconds };
}

function find(bytes: Buffer, place: Omit<Box, "type">, type: string): Box | undefined {
  return boxes(bytes, place).find((box) => box.type === type);
}

/** The boxes that stand directly in a place. */
function boxes(bytes: Buffer, { start, end }: Omit<Box, "type">): Box[] {
  const found: Box[] = [];
  let at = start;
  while (at + 8 <= end && found.length < MAX_BOXES) {
    const size = bytes.readUInt32BE(at);
    const isLong = size === 1;
    if (isLong && at + 16 > end) break;
    const header = isLong ? 16 : 8;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : size;
    // The last box may leave its size open.
    const next = length === 0 ? end : at + length;
    if (next < at + header) break;
    found.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      start: at + header,
      end: Math.min(next, end),
    });
    at = next;
  }
  return found;
}

function handlerOf(bytes: Buffer, media: Box): string | undefined {
  const handler = find(bytes, media, "hdlr");
  return handler && bytes.toString("latin1", handler.start + 8, Math.min(handler.start + 12, handler.end));
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
