import { type AudioFacts, SILENT, secondsOf } from "#lib/transcription/containers/facts.ts";

const CHUNK_HEADER = 8;
/** Of `fmt `, up to the bytes of a second and behind them. */
const MIN_FORMAT = 12;
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
    if (id === "fmt " && held >= MIN_FORMAT) bytesASecond = bytes.readUInt32LE(start + 8);
    if (id === "data") {
      const sound = size === 0 ? held : Math.min(size, held);
      return sound === 0 ? SILENT : { hasSound: true, seconds: secondsOf(sound, bytesASecond) };
    }
    at = start + size + (size % 2);
  }
  return SILENT;
}
