import type { SpeakPower } from "#lib/providers/protocols/speak-power.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { OPENAI_VOICES } from "#lib/speech/voices.ts";

/** OpenAI takes 4,096 characters, more than any request has: in bytes it is never split. */
const MAX_TEXT_BYTES = 16_384;
/** The older models have no style. */
const WITHOUT_INSTRUCTIONS = /^tts-1/;
const DEFAULT_VOICE = "alloy";

/** `POST …/audio/speech`, which answers with the bytes of a file. */
export const openAiSpeech: SpeakPower = {
  abilities: () => ({
    maxTextBytes: MAX_TEXT_BYTES,
    formats: ["mp3", "opus", "aac", "flac"],
    takesSpeed: true,
  }),
  hasVoice: (name) => OPENAI_VOICES.includes(name.toLowerCase()),

  encode({ text, voice, format, speed, instructions }, engine) {
    const dropped: string[] = [];
    const body: JsonObject = { model: engine.model, input: text, voice: voice ?? DEFAULT_VOICE };
    // Bare samples are made of a WAV file, which says what is in it.
    if (format !== undefined) body["response_format"] = format === "pcm" ? "wav" : format;
    if (speed !== undefined) body["speed"] = speed;
    if (instructions !== undefined) {
      if (WITHOUT_INSTRUCTIONS.test(engine.model)) dropped.push("instructions");
      else body["instructions"] = instructions;
    }
    return { request: { kind: "json", path: pathOf(engine), headers: engine.headers, body }, dropped };
  },

  decode: (answer) =>
    answer.kind === "bytes" ? { bytes: answer.bytes, mediaType: answer.contentType } : undefined,
};

function pathOf({ provider }: Engine): string {
  return (provider.protocol === "openai-compatible" && provider.speech?.path) || "/audio/speech";
}
