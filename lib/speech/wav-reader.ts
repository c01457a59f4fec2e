import { endianness } from "node:os";
import type { Sound } from "#lib/speech/sound.ts";

const HEAD_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
/** Writers that do not know the length beforehand write one of these in its place: all ones, or the largest signed. */
const UNKNOWN_LENGTH = 0x7fff_ff00;

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

const RATES = { min: 8_000, max: 192_000 };
const MAX_CHANNELS = 8;

type Format = { tag: number; channels: number; rate: number; bits: number };

export function isWav(bytes: Buffer): boolean {
  return (
    bytes.length >= HEAD_BYTES &&
    bytes.toString("latin1", 0, 4) === "RIFF" &&
    bytes.toString("latin1", 8, HEAD_BYTES) === "WAVE"
  );
}

/**
 * Decodes a WAV file: PCM of 8 to 32 bits or floats, any channels, mixed to one. Undefined for another encoding, and
 * for a file that is shorter than it says or ends within a sample.
 */
export function readWav(bytes: Buffer): Sound | undefined {
  const length = bytes.readUInt32LE(4);
  if (!isUnknown(length) && length + CHUNK_HEAD_BYTES > bytes.length) return undefined;
  let format: Format | undefined;
  let at = HEAD_BYTES;
  while (at + CHUNK_HEAD_BYTES <= bytes.length) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + CHUNK_HEAD_BYTES);
    if (id === "data") return format && soundOf(format, body, size);
    if (size > body.length) return undefined;
    if (id === "fmt ") format = readFormat(body.subarray(0, size));
    // Chunks begin at even offsets.
    at += CHUNK_HEAD_BYTES + size + (size % 2);
  }
  return undefined;
}

/** Bare samples: 16 bits, little-endian, one channel. Undefined if they end within one. */
export function readPcm(bytes: Buffer, rate: number): Sound | undefined {
  if (rate < RATES.min || rate > RATES.max) return undefined;
  return decode({ tag: PCM, channels: 1, rate, bits: 16 }, bytes);
}

function isUnknown(length: number): boolean {
  return length >= UNKNOWN_LENGTH || length === 0;
}

function readFormat(chunk: Buffer): Format | undefined {
  if (chunk.length < 16) return undefined;
  const tag = chunk.readUInt16LE(0);
  const format = {
    // The real tag is the beginning of a GUID at the end of the longer chunk.
    tag: tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag,
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
    bits: chunk.readUInt16LE(14),
  };
  const { channels, rate, bits } = format;
  if (channels < 1 || channels > MAX_CHANNELS || rate < RATES.min || rate > RATES.max) return undefined;
  const isKnown =
    (format.tag === PCM && [8, 16, 24, 32].includes(bits)) ||
    (format.tag === FLOAT && [32, 64].includes(bits));
  return isKnown && chunk.readUInt16LE(12) === (channels * bits) / 8 ? format : undefined;
}

function soundOf(format: Format, body: Buffer, size: number): Sound | undefined {
  if (isUnknown(size)) return decode(format, body);
  return size > body.length ? undefined : decode(format, body.subarray(0, size));
}

function decode({ tag, channels, rate, bits }: Format, data: Buffer): Sound | undefined {
  const frameBytes = (channels * bits) / 8;
  if (data.length % frameBytes !== 0) return undefined;
  if (tag === PCM && bits === 16 && channels === 1) return { rate, samples: samplesOf(data) };
  const read = readerOf(tag, bits);
  const samples = new Int16Array(data.length / frameBytes);
  for (let frame = 0; frame < samples.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += read(data, frame * frameBytes + (channel * bits) / 8);
    }
    samples[frame] = toSample(sum / channels);
  }
  return { rate, samples };
}

/** The samples as they stand in the file, little-endian, which most machines are, too. */
function samplesOf(data: Buffer): Int16Array<ArrayBuffer> {
  const bytes = new Uint8Array(data);
  if (endianness() === "BE") Buffer.from(bytes.buffer).swap16();
  return new Int16Array(bytes.buffer);
}

/** Reads one sample as a number of the 16-bit range. */
function readerOf(tag: number, bits: number): (data: Buffer, at: number) => number {
  if (tag === FLOAT) {
    return bits === 32
      ? (data, at) => data.readFloatLE(at) * 32_767
      : (data, at) => data.readDoubleLE(at) * 32_767;
  }
  if (bits === 8) return (data, at) => (data.readUInt8(at) - 128) * 256;
  const bytes = bits / 8;
  const scale = 2 ** (bits - 16);
  return (data, at) => data.readIntLE(at, bytes) / scale;
}

/** The nearest sample; no number at all is silence. */
function toSample(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
