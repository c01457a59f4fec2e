/** The head of a frame of MPEG audio, layer II or III. */
export type MpegFrame = {
  layer: 2 | 3;
  /** With its head, bytes. */
  length: number;
  samples: number;
  /** Samples a second. */
  rate: number;
  channels: 1 | 2;
  /** Where within the frame encoders write what they know of the whole file (`Xing`, `Info`). */
  infoAt: number;
};

const HEAD_BYTES = 4;
const TAG_HEAD_BYTES = 10;
/** More tags than these are no music. */
const MAX_TAGS = 5;

/** Kilobits a second by index: MPEG 1 layer II and III, MPEG 2 and 2.5 both layers. */
const BIT_RATES_1_2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const BIT_RATES_1_3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** Of MPEG 1; half of them in MPEG 2, a quarter in 2.5. */
const RATES = [44_100, 48_000, 32_000];
/** By the version's bits. */
const RATE_DIVISORS = [4, undefined, 2, 1];

/** The frame whose head stands there; undefined if none does. */
export function mpegFrameAt(bytes: Buffer, at: number): MpegFrame | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined;
  const head = bytes.readUInt32BE(at);
  const layer = 4 - ((head >>> 17) & 3);
  const divisor = RATE_DIVISORS[(head >>> 19) & 3];
  const fullRate = RATES[(head >>> 10) & 3];
  if (head >>> 21 !== 0x7ff || (layer !== 2 && layer !== 3)) return undefined;
  if (divisor === undefined || fullRate === undefined) return undefined;
  const isFirst = divisor === 1;
  const bitRates = isFirst ? (layer === 2 ? BIT_RATES_1_2 : BIT_RATES_1_3) : BIT_RATES_2;
  const kilobits = bitRates[(head >>> 12) & 15];
  if (kilobits === undefined || kilobits === 0) return undefined;
  const rate = fullRate / divisor;
  const samples = layer === 3 && !isFirst ? 576 : 1_152;
  const padding = (head >>> 9) & 1;
  const channels = ((head >>> 6) & 3) === 3 ? 1 : 2;
  const sideBytes = isFirst ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const length = Math.floor((samples / 8) * ((kilobits * 1_000) / rate)) + padding;
  return { layer, length, samples, rate, channels, infoAt: HEAD_BYTES + sideBytes };
}

/** Where the tags at the beginning of a file (ID3v2) end; 0 without one. */
export function afterTags(bytes: Buffer): number {
  let at = 0;
  for (let count = 0; count < MAX_TAGS; count++) {
    if (at + TAG_HEAD_BYTES > bytes.length || bytes.toString("latin1", at, at + 3) !== "ID3") break;
    // Four times seven bits; a footer as long as the head where the flag says so.
    const size = [6, 7, 8, 9].reduce((sum, offset) => sum * 128 + ((bytes[at + offset] ?? 0) & 0x7f), 0);
    const hasFooter = ((bytes[at + 5] ?? 0) & 0x10) !== 0;
    at += TAG_HEAD_BYTES + size + (hasFooter ? TAG_HEAD_BYTES : 0);
  }
  return at;
}
