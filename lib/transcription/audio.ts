import { afterTags } from "#lib/shared/mpeg-audio.ts";
import type { AudioFacts } from "#lib/transcription/containers/facts.ts";
import { inspectFlac } from "#lib/transcription/containers/flac.ts";
import { inspectMp3 } from "#lib/transcription/containers/mp3.ts";
import { inspectMp4 } from "#lib/transcription/containers/mp4.ts";
import { inspectOgg } from "#lib/transcription/containers/ogg.ts";
import { inspectWav } from "#lib/transcription/containers/wav.ts";
import { inspectWebm } from "#lib/transcription/containers/webm.ts";

/** A recording, as its bytes show it: neither its name nor its declared type is looked at. */
export type Audio = {
  bytes: Buffer;
  /** The end of the name under which engines receive it. */
  extension: string;
  contentType: string;
  /** Its length as the file has it, if it has it. */
  seconds: number | undefined;
};

type Format = {
  extension: string;
  contentType: string;
  inspect: (bytes: Buffer) => AudioFacts | undefined;
};

/** The formats that all engines take. That of MPEG is the last: the others are surer. */
const FORMATS: readonly Format[] = [
  { extension: "wav", contentType: "audio/wav", inspect: inspectWav },
  {
    extension: "flac",
    contentType: "audio/flac",
    inspect: (bytes) => inspectFlac(bytes.subarray(afterTags(bytes))),
  },
  { extension: "ogg", contentType: "audio/ogg", inspect: inspectOgg },
  { extension: "webm", contentType: "audio/webm", inspect: inspectWebm },
  { extension: "mp4", contentType: "audio/mp4", inspect: inspectMp4 },
  { extension: "mp3", contentType: "audio/mpeg", inspect: inspectMp3 },
];

/** For messages. */
export const AUDIO_FORMATS = "FLAC, MP3, MP4 (M4A), Ogg (Opus), WAV or WebM";

/** Engines refuse shorter recordings, seconds. */
const MIN_SECONDS = 0.01;
/** No recording of speech has fewer bytes a second: a file that claims so is wrong about its length. */
const MIN_BYTES_A_SECOND = 50;

/** `silent`: the file is of a known format, but nothing is to be heard in it. */
export type Inspected = { kind: "audio"; audio: Audio } | { kind: "silent" } | { kind: "unknown" };

/** What kind of recording a file is. */
export function inspectAudio(bytes: Buffer): Inspected {
  for (const { extension, contentType, inspect } of FORMATS) {
    const facts = inspect(bytes);
    if (facts === undefined) continue;
    const seconds = plausibleSeconds(facts.seconds, bytes.length);
    if (!facts.hasSound || (seconds ?? 1) < MIN_SECONDS) return { kind: "silent" };
    return { kind: "audio", audio: { bytes, extension, contentType, seconds } };
  }
  return { kind: "unknown" };
}

/** A length that so many bytes can have; it counts against the budget of whoever sent them. */
function plausibleSeconds(seconds: number | undefined, bytes: number): number | undefined {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return seconds * MIN_BYTES_A_SECOND <= bytes ? seconds : undefined;
}
