import { endianness } from "node:os";
import type { Sound } from "#lib/speech/sound.ts";

const HEAD_BYTES = 44;
const BYTES_A_SAMPLE = 2;

/** A WAV file of 16 bits and one channel. */
export function writeWav(sound: Sound): Uint8Array<ArrayBuffer> {
  const dataBytes = sound.samples.length * BYTES_A_SAMPLE;
  const bytes = new Uint8Array(HEAD_BYTES + dataBytes);
  const head = new DataView(bytes.buffer);
  const text = (at: number, value: string): void => {
    for (let index = 0; index < value.length; index++) bytes[at + index] = value.charCodeAt(index);
  };
  text(0, "RIFF");
  head.setUint32(4, HEAD_BYTES - 8 + dataBytes, true);
  text(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, sound.rate, true);
  head.setUint32(28, sound.rate * BYTES_A_SAMPLE, true);
  head.setUint16(32, BYTES_A_SAMPLE, true);
  head.setUint16(34, BYTES_A_SAMPLE * 8, true);
  text(36, "data");
  head.setUint32(40, dataBytes, true);
  bytes.set(writePcm(sound), HEAD_BYTES);
  return bytes;
}

/** The samples alone, little-endian. */
export function writePcm({ samples }: Pick<Sound, "samples">): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const little = endianness() === "LE" ? bytes : Buffer.from(bytes).swap16();
  return new Uint8Array(little);
}
