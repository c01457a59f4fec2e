import { type AudioFacts, SILENT } from "#lib/transcription/containers/facts.ts";
import { flacRate } from "#lib/transcription/containers/flac.ts";

const MAGIC = "OggS";
const PAGE_HEADER = 27;
/** Streams of one file that are looked at. */
const MAX_STREAMS = 20;
/** Pages that are looked at from the end. */
const MAX_PAGES = 1_000;
/** The position of a page in which no packet ends. */
const NO_POSITION = 0xffff_ffff_ffff_ffffn;
const OPUS_RATE = 48_000;
/** Where STREAMINFO stands in the first packet of FLAC in Ogg. */
const FLAC_INFO = 17;

/** One stream of sound, by what its first page says. */
type Stream = { serial: number; rate: number; skipped: number };

/** A file of Ogg with Opus, Vorbis, FLAC or Speex; undefined for another file. */
export function inspectOgg(bytes: Buffer): AudioFacts | undefined {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const stream = firstSound(bytes);
  if (stream === undefined) return SILENT;
  return { hasSound: true, seconds: stream.rate > 0 ? lastPosition(bytes, stream) : undefined };
}

/** The first stream of sound: the first pages of all streams come before all others. */
function firstSound(bytes: Buffer): Stream | undefined {
  let at = 0;
  for (let count = 0; count < MAX_STREAMS && isPage(bytes, at); count++) {
    const segments = bytes.readUInt8(at + 26);
    const start = at + PAGE_HEADER + segments;
    if (start > bytes.length) return undefined;
    const size = bytes.subarray(at + PAGE_HEADER, start).reduce((sum, one) => sum + one, 0);
    const found = soundOf(bytes.subarray(start, start + size));
    if (found !== undefined) return { ...found, serial: bytes.readUInt32LE(at + 14) };
    at = start + size;
  }
  return undefined;
}

function isPage(bytes: Buffer, at: number): boolean {
  return at + PAGE_HEADER <= bytes.length && bytes.toString("latin1", at, at + MAGIC.length) === MAGIC;
}

/** From the first packet of a stream; undefined for one that is no sound. */
function soundOf(packet: Buffer): Omit<Stream, "serial"> | undefined {
  const begins = (text: string, length: number): boolean =>
    packet.length >= length && packet.toString("latin1", 0, text.length) === text;
  if (begins("OpusHead", 19)) return { rate: OPUS_RATE, skipped: packet.readUInt16LE(10) };
  if (begins("\x01vorbis", 30)) return { rate: packet.readUInt32LE(12), skipped: 0 };
  if (begins("\x7fFLAC", FLAC_INFO + 34)) return { rate: flacRate(packet.subarray(FLAC_INFO)), skipped: 0 };
  if (begins("Speex   ", 80)) return { rate: packet.readUInt32LE(36), skipped: 0 };
  return undefined;
}

/** The end of the stream in seconds, by its last page. */
function lastPosition(bytes: Buffer, { serial, rate, skipped }: Stream): number | undefined {
  let at = bytes.lastIndexOf(MAGIC);
  for (let count = 0; count < MAX_PAGES && at > 0; count++) {
    if (isPage(bytes, at) && bytes.readUInt32LE(at + 14) === serial) {
      const position = bytes.readBigUInt64LE(at + 6);
      if (position !== NO_POSITION) return Math.max(0, Number(position) - skipped) / rate;
    }
    at = bytes.lastIndexOf(MAGIC, at - 1);
  }
  return undefined;
}
