import type { MultipartPart } from "#lib/providers/protocols/engine-request.ts";
import type { TranscribePower } from "#lib/providers/protocols/transcribe-power.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { TranscriptionOffer } from "#lib/providers/vendors/provider.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { languageIn, secondsIn, segmentsIn, wordsIn } from "#lib/transcription/transcript.ts";

const DEFAULT_OFFER: TranscriptionOffer = { path: "/audio/transcriptions" };

/** `POST …/audio/transcriptions`, a form. Times are asked for wherever the model tells them. */
export const openAiTranscriptions: TranscribePower = {
  encode({ audio, language, prompt, temperature, words }, engine) {
    const { path, plainModels, maxPromptCharacters } = offerOf(engine);
    const isPlain = plainModels?.test(engine.model) === true;
    const values: [name: string, value: string | undefined][] = [
      ["model", engine.model],
      ["response_format", isPlain ? "json" : "verbose_json"],
      ["language", language],
      ["prompt", prompt?.slice(-(maxPromptCharacters ?? prompt.length))],
      ["temperature", temperature === undefined ? undefined : String(temperature)],
      ["timestamp_granularities[]", isPlain ? undefined : "segment"],
      ["timestamp_granularities[]", isPlain || words !== true ? undefined : "word"],
    ];
    const { extension, contentType, bytes } = audio;
    const parts: MultipartPart[] = [
      { name: "file", fileName: `audio.${extension}`, contentType, bytes },
      ...values.flatMap(([name, value]) => (value === undefined || value === "" ? [] : { name, value })),
    ];
    const dropped = isPlain && words === true ? ["timestamp_granularities"] : [];
    return { request: { kind: "multipart", path, headers: engine.headers, parts }, dropped };
  },

  decode(answer) {
    const text = stringField(answer, "text");
    if (text === undefined) return undefined;
    return {
      text: text.toWellFormed().trim(),
      language: languageIn(field(answer, "language")),
      seconds: secondsIn(field(answer, "duration")),
      segments: segmentsIn(arrayField(answer, "segments")),
      words: wordsIn(arrayField(answer, "words")),
    };
  },

  minBilledSeconds: (engine) => offerOf(engine).minBilledSeconds ?? 0,
};

function offerOf({ provider }: Engine): TranscriptionOffer {
  return provider.protocol === "openai-compatible"
    ? (provider.transcription ?? DEFAULT_OFFER)
    : DEFAULT_OFFER;
}
