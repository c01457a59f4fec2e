import { type AudioFacts, SILENT, secondsOf } from "#lib/transcription/containers/facts.ts";

const MAGIC = "fLaC";
/** Behind the magic and the header of the first block, which has to be STREAMINFO. */
const STREAM_INFO = 8;
const STREAM_INFO_BYTES = 34;

/** A FLAC file; undefined for another file. */
export function inspectFlac(bytes: Buffer): AudioFacts | undefined {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  if (bytes.length <= STREAM_INFO + STREAM_INFO_BYTES) return SILENT;
  return { hasSound: true, seconds: flacSeconds(bytes.subarray(STREAM_INFO)) };
}

/** From STREAMINFO: 20 bits of the rate, 36 bits of the number of samples, which is 0 if it was not known. */
function flacSeconds(info: Buffer): number | undefined {
  if (info.length < STREAM_INFO_BYTES) return undefined;
  const samples = (info.readUInt8(13) & 0x0f) * 2 ** 32 + info.readUInt32BE(14);
  return samples === 0 ? undefined : secondsOf(samples, flacRate(info));
}

export function flacRate(info: Buffer): number {
  return info.length < STREAM_INFO_BYTES ? 0 : info.readUIntBE(10, 3) >>> 4;
}
