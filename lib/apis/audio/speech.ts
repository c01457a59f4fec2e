import { z } from "zod";
import { otherFields } from "#lib/apis/fields.ts";
import { shortText } from "#lib/apis/schemas.ts";
import { NO_SUCH_VOICE, spokenText } from "#lib/apis/speech-fields.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { languageOfText } from "#lib/shared/text-language.ts";
import { SPEECH_FORMATS, type SpeechRequest } from "#lib/speech/speech-request.ts";
import { isVoice } from "#lib/speech/voices.ts";

/** OpenAI's own limit. */
const MAX_INPUT = 4_096;

/** The body of `POST /api/v1/audio/speech`. */
export const speechSchema = z.looseObject({
  model: z
    .string()
    .min(1)
    .max(256)
    .describe("`tts-1`, `gpt-4o-mini-tts`, `speech`, or an engine as `provider/model`."),
  input: spokenText(MAX_INPUT),
  voice: z.union([z.string().min(1).max(256), z.object({ id: z.string().min(1).max(256) })]).nullish(),
  response_format: z
    .enum(SPEECH_FORMATS)
    .nullish()
    .describe("By default whatever the engine makes, mostly WAV."),
  speed: z.number().min(0.25).max(4).nullish(),
  instructions: shortText.nullish().describe("How to say it, for engines that can be told."),
  stream_format: z.enum(["audio", "sse"]).nullish().describe("`audio` alone."),
});

export type SpeechBody = { model: string; request: SpeechRequest; dropped: string[] };

const READ = new Set(Object.keys(speechSchema.shape));

/** The request, and the names of fields that no engine receives. Throws `invalid_request`. */
export function readSpeech(body: z.output<typeof speechSchema>): SpeechBody {
  if (body.stream_format === "sse") {
    throw new GatewayError(
      "invalid_request",
      "Speech is not sent as events. Leave out stream_format, or send audio.",
      {
        details: { param: "stream_format" },
      },
    );
  }
  return {
    model: body.model,
    request: {
      text: body.input,
      language: languageOfText(body.input) ?? "en",
      voice: readVoice(body),
      format: body.response_format ?? undefined,
      speed: body.speed === 1 ? undefined : (body.speed ?? undefined),
      instructions: body.instructions || undefined,
    },
    dropped: Object.keys(otherFields(body, READ)),
  };
}

/** A provider that is named may have voices of its own; they are checked there. */
function readVoice({ voice, model }: z.output<typeof speechSchema>): string | undefined {
  const name = typeof voice === "object" ? voice?.id : voice;
  if (name === undefined || isVoice(name) || model.includes("/")) return name;
  throw new GatewayError("invalid_request", `"voice": ${NO_SUCH_VOICE}.`, {
    details: { param: "voice" },
  });
}
