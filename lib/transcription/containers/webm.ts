import { type AudioFacts, SILENT } from "#lib/transcription/containers/facts.ts";

/** Elements of EBML, by their ids. */
const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMECODE_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const CLUSTER = 0x1f43b675;
const TIMECODE = 0xe7;
const BLOCK_GROUP = 0xa0;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;

/** What stands in them is read as if it stood where they stand, so that their sizes, which may be open, do not matter. */
const OPENED = new Set([EBML, SEGMENT, INFO, TRACKS, TRACK_ENTRY, CLUSTER, BLOCK_GROUP]);
const SOUND = 2;
/** Elements that are looked at: blocks of 20 ms in almost three hours. */
const MAX_ELEMENTS = 500_000;
const NANOSECONDS = 1e9;
const DEFAULT_SCALE = 1_000_000;

type Element = { id: number; start: number; end: number };

type Found = {
  docType: string;
  hasSound: boolean;
  scale: number;
  duration: number;
  cluster: number;
  lastBlock: number;
};

/**
 * A WebM file; undefined for another file. What browsers record has no duration: it ends with its last block.
 */
export function inspectWebm(bytes: Buffer): AudioFacts | undefined {
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== EBML) return undefined;
  const found: Found = {
    docType: "",
    hasSound: false,
    scale: DEFAULT_SCALE,
    duration: 0,
    cluster: 0,
    lastBlock: 0,
  };
  let at = 0;
  for (let count = 0; count < MAX_ELEMENTS; count++) {
    const element = elementAt(bytes, at);
    if (element === undefined) break;
    const isOpened = OPENED.has(element.id);
    if (!isOpened) note(found, bytes, element);
    at = isOpened ? element.start : element.end;
  }
  if (found.docType !== "webm") return undefined;
  if (!found.hasSound) return SILENT;
  const units = found.duration > 0 ? found.duration : found.lastBlock;
  return { hasSound: true, seconds: units > 0 ? (units * found.scale) / NANOSECONDS : undefined };
}

function note(found: Found, bytes: Buffer, { id, start, end }: Element): void {
  switch (id) {
    case DOC_TYPE:
      found.docType = bytes.toString("latin1", start, Math.min(end, start + 20)).replace(/\0+$/, "");
      break;
    case TRACK_TYPE:
      found.hasSound ||= unsigned(bytes, start, end) === SOUND;
      break;
    case TIMECODE_SCALE:
      found.scale = unsigned(bytes, start, end);
      break;
    case DURATION:
      found.duration = float(bytes, start, end);
      break;
    case TIMECODE:
      found.cluster = unsigned(bytes, start, end);
      break;
    case SIMPLE_BLOCK:
    case BLOCK: {
      // Behind the number of the track comes the time within the cluster.
      const time = start + vintBytes(bytes, start);
      if (time + 2 <= bytes.length) {
        found.lastBlock = Math.max(found.lastBlock, found.cluster + bytes.readInt16BE(time));
      }
    }
  }
}

/** The element that begins there; undefined where none does, or the file ends. */
function elementAt(bytes: Buffer, at: number): Element | undefined {
  const idBytes = vintBytes(bytes, at);
  if (idBytes > 4 || at + idBytes >= bytes.length) return undefined;
  const id = bytes.readUIntBE(at, idBytes);
  const sizeAt = at + idBytes;
  const sizeBytes = vintBytes(bytes, sizeAt);
  if (sizeBytes > 8 || sizeAt + sizeBytes > bytes.length) return undefined;
  const start = sizeAt + sizeBytes;
  return { id, start, end: start + vintValue(bytes, sizeAt, sizeBytes) };
}

/** How many bytes a number of variable length has, by its leading zero bits; 9 for none. */
function vintBytes(bytes: Buffer, at: number): number {
  return Math.clz32(bytes[at] ?? 0) - 23;
}

function vintValue(bytes: Buffer, at: number, length: number): number {
  let value = (bytes[at] ?? 0) & (0xff >> length);
  for (let index = 1; index < length; index++) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

function unsigned(bytes: Buffer, start: number, end: number): number {
  const length = Math.min(end, bytes.length) - start;
  return length > 0 && length <= 6 ? bytes.readUIntBE(start, length) : 0;
}

function float(bytes: Buffer, start: number, end: number): number {
  const length = Math.min(end, bytes.length) - start;
  const value = length === 8 ? bytes.readDoubleBE(start) : length === 4 ? bytes.readFloatBE(start) : 0;
  return Number.isFinite(value) ? value : 0;
}
