import { type AudioFacts, SILENT } from "#lib/transcription/containers/facts.ts";

/** kbit/s by index; MPEG 1 layer II and III, MPEG 2 and 2.5 layers II and III. */
const BITRATES_1_2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const BITRATES_1_3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES = [44_100, 48_000, 32_000];
/** How far behind the tags a first frame is looked for: some encoders fill up with zeros. */
const MAX_BEFORE = 4_096;
/** As many frames in a row are no accident. */
const MIN_FRAMES = 3;
/** Frames that are counted: of any usual bit rate, all of the largest file. Its rest is taken to go on like them. */
const MAX_FRAMES = 250_000;
const MAX_TAGS = 5;

type Frame = { bytes: number; samples: number; rate: number; sideInfo: number };

/** A file of MPEG layer II or III, with tags or without; undefined for another file. */
export function inspectMp3(bytes: Buffer): AudioFacts | undefined {
  const start = afterTags(bytes);
  for (let at = start; at < Math.min(start + MAX_BEFORE, bytes.length); at++) {
    if (areFrames(bytes, at)) return { hasSound: true, seconds: secondsFrom(bytes, at) };
  }
  return start > 0 && start >= bytes.length ? SILENT : undefined;
}

/** Where the tags at the beginning (ID3v2) end; 0 without one. */
export function afterTags(bytes: Buffer): number {
  let at = 0;
  for (let count = 0; count < MAX_TAGS; count++) {
    if (at + 10 > bytes.length || bytes.toString("latin1", at, at + 3) !== "ID3") break;
    // Four times seven bits; a footer of ten bytes where the flag says so.
    const size = [6, 7, 8, 9].reduce((sum, offset) => sum * 128 + ((bytes[at + offset] ?? 0) & 0x7f), 0);
    at += 10 + size + (((bytes[at + 5] ?? 0) & 0x10) === 0 ? 0 : 10);
  }
  return at;
}

/** Whether frames stand there one behind the other, to the end of a short file. */
function areFrames(bytes: Buffer, start: number): boolean {
  let at = start;
  for (let count = 0; count < MIN_FRAMES; count++) {
    const frame = frameAt(bytes, at);
    if (frame === undefined) return count >= 2 && at + 4 > bytes.length;
    at += frame.bytes;
  }
  return true;
}

/** By the encoder's count of the frames, else by counting them. */
function secondsFrom(bytes: Buffer, start: number): number | undefined {
  const first = frameAt(bytes, start);
  if (first === undefined) return undefined;
  const counted = frameCount(bytes, start, first);
  if (counted !== undefined) return (counted * first.samples) / first.rate;
  let seconds = 0;
  let at = start;
  for (let count = 0; count < MAX_FRAMES; count++) {
    const frame = frameAt(bytes, at);
    if (frame === undefined) break;
    seconds += frame.samples / frame.rate;
    at += frame.bytes;
  }
  // Behind what cannot be read as frames it goes on as before.
  return (seconds * (bytes.length - start)) / Math.max(1, Math.min(at, bytes.length) - start);
}

/** The number of frames in the header of a variable bit rate (Xing, Info, VBRI), if there is one. */
function frameCount(bytes: Buffer, start: number, { sideInfo, bytes: size }: Frame): number | undefined {
  const xing = start + 4 + sideInfo;
  const vbri = start + 36;
  const end = Math.min(start + size, bytes.length);
  if (xing + 12 <= end && /^(?:Xing|Info)$/.test(bytes.toString("latin1", xing, xing + 4))) {
    const hasFrames = (bytes.readUInt32BE(xing + 4) & 1) === 1;
    return hasFrames ? bytes.readUInt32BE(xing + 8) : undefined;
  }
  if (vbri + 18 <= end && bytes.toString("latin1", vbri, vbri + 4) === "VBRI") {
    return bytes.readUInt32BE(vbri + 14);
  }
  return undefined;
}

/** The frame whose header stands there; undefined if none does. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + 4 > bytes.length) return undefined;
  const header = bytes.readUInt32BE(at);
  if (header >>> 21 !== 0x7ff) return undefined;
  const version = (header >>> 19) & 3;
  const layer = 4 - ((header >>> 17) & 3);
  const rate = RATES[(header >>> 10) & 3];
  if (version === 1 || (layer !== 2 && layer !== 3) || rate === undefined) return undefined;
  const isFirst = version === 3;
  const rates = isFirst ? (layer === 2 ? BITRATES_1_2 : BITRATES_1_3) : BITRATES_2;
  const kilobits = rates[(header >>> 12) & 15];
  if (kilobits === undefined || kilobits === 0) return undefined;
  const hertz = isFirst ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = layer === 3 && !isFirst ? 576 : 1_152;
  const padding = (header >>> 9) & 1;
  const isMono = ((header >>> 6) & 3) === 3;
  return {
    bytes: Math.floor((samples / 8) * ((kilobits * 1_000) / hertz)) + padding,
    samples,
    rate: hertz,
    sideInfo: isFirst ? (isMono ? 17 : 32) : isMono ? 9 : 17,
  };
}
