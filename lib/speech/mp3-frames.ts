/** The frames of an MP3 file, without its tags. */
export type Mp3 = { bytes: Uint8Array; seconds: number; rate: number; channels: number };

type Frame = { length: number; samples: number; rate: number; channels: number; infoAt: number };

const HEAD_BYTES = 4;
const TAG_HEAD_BYTES = 10;
/** An old tag at the end of a file: always so long. */
const LAST_TAG_BYTES = 128;

/** Kilobits a second of layer III, by the index in the frame's head; MPEG 1, then MPEG 2 and 2.5. */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
/** By the version's bits: 2.5, none, 2, 1. */
const SAMPLE_RATES = [
  [11_025, 12_000, 8_000],
  [],
  [22_050, 24_000, 16_000],
  [44_100, 48_000, 32_000],
] as const;
const MPEG_1 = 3;

/** Whether the bytes begin as an MP3 file does: with a tag or with a frame. */
export function isMp3(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 3) === "ID3" || frameAt(bytes, 0) !== undefined;
}

/**
 * The frames of a file one after the other; undefined if one is missing a part, or something else is between them.
 * The frame that only describes the file is left out, since it would be wrong once files are joined.
 */
export function readMp3(bytes: Buffer): Mp3 | undefined {
  const from = bytes.toString("latin1", 0, 3) === "ID3" ? tagLength(bytes) : 0;
  let at = from;
  let start = from;
  let samples = 0;
  let first: Frame | undefined;
  while (at < bytes.length && !isLastTag(bytes, at)) {
    const frame = frameAt(bytes, at);
    if (frame === undefined || at + frame.length > bytes.length) return undefined;
    if (first === undefined && isDescription(bytes, at + frame.infoAt)) {
      start = at + frame.length;
    } else {
      first ??= frame;
      if (frame.rate !== first.rate) return undefined;
      samples += frame.samples;
    }
    at += frame.length;
  }
  if (first === undefined) return undefined;
  const { rate, channels } = first;
  return { bytes: bytes.subarray(start, at), seconds: samples / rate, rate, channels };
}

/** Several files as one. Undefined if they differ in rate or channels, which players do not expect within a file. */
export function joinMp3(files: readonly Mp3[]): Mp3 | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const { rate, channels } = first;
  if (files.some((file) => file.rate !== rate || file.channels !== channels)) return undefined;
  const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
  return { bytes: Buffer.concat(files.map(({ bytes }) => bytes)), seconds, rate, channels };
}

function tagLength(bytes: Buffer): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, TAG_HEAD_BYTES);
  return TAG_HEAD_BYTES + (((a & 127) << 21) | ((b & 127) << 14) | ((c & 127) << 7) | (d & 127));
}

function isLastTag(bytes: Buffer, at: number): boolean {
  return bytes.length - at === LAST_TAG_BYTES && bytes.toString("latin1", at, at + 3) === "TAG";
}

/** The frame of layer III that begins here. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined;
  const head = bytes.readUInt32BE(at);
  const [version, layer] = [(head >>> 19) & 3, (head >>> 17) & 3];
  if (head >>> 21 !== 0x7ff || layer !== 1) return undefined;
  const isFirst = version === MPEG_1;
  const kilobits = BIT_RATES[isFirst ? 0 : 1][(head >>> 12) & 15];
  const rate = SAMPLE_RATES[version]?.[(head >>> 10) & 3];
  if (kilobits === undefined || kilobits === 0 || rate === undefined) return undefined;
  const padding = (head >>> 9) & 1;
  const channels = ((head >>> 6) & 3) === 3 ? 1 : 2;
  const sideBytes = isFirst ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return {
    length: Math.floor(((isFirst ? 144_000 : 72_000) * kilobits) / rate) + padding,
    samples: isFirst ? 1_152 : 576,
    rate,
    channels,
    infoAt: HEAD_BYTES + sideBytes,
  };
}

function isDescription(bytes: Buffer, at: number): boolean {
  return ["Xing", "Info"].includes(bytes.toString("latin1", at, at + 4));
}
