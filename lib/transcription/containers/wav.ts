import { type AudioFacts, SILENT, secondsOf } from "#lib/transcription/containers/facts.ts";

const CHUNK_HEADER = 8;
/** Of `fmt `, up to the bytes of a second and behind them. */
const MIN_FORMAT = 12;
const WHOLE_FORMAT = 16;
/** PCM, floats, and the tag that stands for one of them. */
const UNCOMPRESSED = new Set([1, 3, 0xfffe]);
/** Chunks before that of the sound: more of them are somebody's attempt to keep us busy. */
const MAX_CHUNKS = 10_000;

/** A RIFF or RF64 file of waves; undefined for another file. */
export function inspectWav(bytes: Buffer): AudioFacts | undefined {
  const outer = bytes.toString("latin1", 0, 4);
  if ((outer !== "RIFF" && outer !== "RF64") || bytes.toString("latin1", 8, 12) !== "WAVE") return undefined;
  let bytesASecond = 0;
  let at = 12;
  for (let count = 0; count < MAX_CHUNKS && at + CHUNK_HEADER <= bytes.length; count++) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + CHUNK_HEADER;
    // A recorder that writes as it records leaves the size open: 0 or the largest.
    const held = bytes.length - start;
    if (id === "fmt " && held >= MIN_FORMAT) bytesASecond = paceOf(bytes.subarray(start));
    if (id === "data") {
      const sound = size === 0 ? held : Math.min(size, held);
      return sound === 0 ? SILENT : { hasSound: true, seconds: secondsOf(sound, bytesASecond) };
    }
    at = start + size + (size % 2);
  }
  return SILENT;
}

/** Bytes a second: what players take the samples for, where that is known, since nobody reads the declared number. */
function paceOf(format: Buffer): number {
  const declared = format.readUInt32LE(8);
  if (format.length < WHOLE_FORMAT || !UNCOMPRESSED.has(format.readUInt16LE(0))) return declared;
  const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  return (channels * rate * bits) / 8 || declared;
}
