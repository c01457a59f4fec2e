import { badResponse, EngineFailure } from "#lib/providers/failures/failure.ts";
import { joinSounds } from "#lib/speech/join-sounds.ts";
import { joinMp3, type Mp3 } from "#lib/speech/mp3-frames.ts";
import type { Audio } from "#lib/speech/read-audio.ts";
import { resample } from "#lib/speech/resample.ts";
import { isSilent, type Sound, type SpokenFile, secondsOf } from "#lib/speech/sound.ts";
import type { SpeechFormat } from "#lib/speech/speech-request.ts";
import { writePcm, writeWav } from "#lib/speech/wav-writer.ts";

/** What one call has spoken of a text. */
export type SpokenPart = { audio: Audio; endsSentence: boolean };

/** The rate of bare samples: OpenAI's clients expect it, since nothing says it. */
const PCM_RATE = 24_000;

/**
 * The parts as one file of the format that was asked for, or of whatever they are. Throws `EngineFailure` if they are
 * something else, or silent.
 */
export async function spokenFile(
  parts: readonly SpokenPart[],
  format: SpeechFormat | undefined,
): Promise<SpokenFile> {
  const sounds = parts.flatMap(({ audio, endsSentence }) =>
    audio.kind === "sound" ? [{ sound: audio.sound, endsSentence }] : [],
  );
  if (sounds.length === parts.length) {
    const sound = await joinSounds(sounds);
    if (sound === undefined || isSilent(sound)) {
      throw new EngineFailure({ kind: "no_answer", reason: "The engine's speech is silent." });
    }
    if (format === undefined || format === "wav") return wavFile(sound);
    if (format === "pcm") return pcmFile(await resample(sound, PCM_RATE));
    throw otherFormat();
  }
  const mp3 = joinMp3(parts.flatMap(({ audio }) => (audio.kind === "mp3" ? [audio.mp3] : [])));
  if (mp3 !== undefined && parts.every(({ audio }) => audio.kind === "mp3")) {
    if (format === undefined || format === "mp3") return mp3File(mp3);
    throw otherFormat();
  }
  const [only, another] = parts;
  if (another !== undefined || only?.audio.kind !== "file") throw otherFormat();
  const { bytes, type, extension } = only.audio;
  if (format !== undefined && format !== extension) throw otherFormat();
  return { bytes: new Uint8Array(bytes), type, extension, seconds: undefined };
}

function otherFormat(): EngineFailure {
  return badResponse("The engine's speech is in an unexpected format.");
}

function wavFile(sound: Sound): SpokenFile {
  return { bytes: writeWav(sound), type: "audio/wav", extension: "wav", seconds: secondsOf(sound) };
}

function pcmFile(sound: Sound): SpokenFile {
  const type = `audio/pcm;rate=${PCM_RATE};channels=1`;
  return { bytes: writePcm(sound), type, extension: "pcm", seconds: secondsOf(sound) };
}

function mp3File({ bytes, seconds }: Mp3): SpokenFile {
  return { bytes: new Uint8Array(bytes), type: "audio/mpeg", extension: "mp3", seconds };
}
