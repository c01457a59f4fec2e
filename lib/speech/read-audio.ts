import { asBuffer } from "#lib/shared/bytes.ts";
import { isMp3, type Mp3, readMp3 } from "#lib/speech/mp3-frames.ts";
import type { Sound } from "#lib/speech/sound.ts";
import { isWav, readPcm, readWav } from "#lib/speech/wav-reader.ts";

/** What an engine has spoken, by what its bytes are. */
export type Audio =
  | { kind: "sound"; sound: Sound }
  | { kind: "mp3"; mp3: Mp3 }
  /** A format that is passed on as it came. */
  | { kind: "file"; bytes: Uint8Array; type: string; extension: string };

/** The beginnings of the other formats that are passed on. */
const FILES = [
  { begins: "OggS", type: "audio/ogg", extension: "opus" },
  { begins: "fLaC", type: "audio/flac", extension: "flac" },
] as const;
/** Sync word and layer of AAC in ADTS frames. */
const ADTS = { mask: 0xfff6, value: 0xfff0 };

/**
 * Reads audio by its bytes: what a provider calls it does not count. Only samples without a head need their media type
 * (`audio/L16;codec=pcm;rate=24000`). Undefined for anything else, and for a file that is cut or broken.
 */
export function readAudio(audio: Uint8Array, mediaType: string): Audio | undefined {
  const bytes = asBuffer(audio);
  if (isWav(bytes)) {
    const sound = readWav(bytes);
    return sound && { kind: "sound", sound };
  }
  const known = FILES.find(({ begins }) => bytes.toString("latin1", 0, 4) === begins);
  if (known !== undefined) return { kind: "file", bytes, type: known.type, extension: known.extension };
  const rate = pcmRate(mediaType);
  if (rate !== undefined) {
    const sound = readPcm(bytes, rate);
    return sound && { kind: "sound", sound };
  }
  if (isMp3(bytes)) {
    const mp3 = readMp3(bytes);
    return mp3 && { kind: "mp3", mp3 };
  }
  const isAdts = bytes.length > 7 && (bytes.readUInt16BE(0) & ADTS.mask) === ADTS.value;
  return isAdts ? { kind: "file", bytes, type: "audio/aac", extension: "aac" } : undefined;
}

const PCM_TYPE = /^audio\/(?:l16|pcm|x-pcm|raw)\b/i;
const DEFAULT_RATE = 24_000;

function pcmRate(mediaType: string): number | undefined {
  if (!PCM_TYPE.test(mediaType)) return undefined;
  const [, rate] = /;\s*rate=(\d{1,7})/i.exec(mediaType) ?? [];
  return rate === undefined ? DEFAULT_RATE : Number(rate);
}
