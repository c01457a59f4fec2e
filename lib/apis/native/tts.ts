import { z } from "zod";
import { spokenText, voiceName } from "#lib/apis/speech-fields.ts";
import { SPEECH_LANGUAGES } from "#lib/shared/text-language.ts";
import { readLanguage } from "#lib/speech/languages.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

const MAX_TEXT = 4_000;

const language = z
  .string()
  .max(35)
  .transform((name, context) => {
    const known = readLanguage(name);
    if (known !== undefined) return known;
    context.addIssue({ code: "custom", message: `must be one of ${SPEECH_LANGUAGES.join(", ")}` });
    return z.NEVER;
  })
  .meta({
    type: "string",
    description: "`en`, `es`, `fr`, `zh`, `ja` or `ko`; also as `EN`, `en-US`, `jp`, `kr`.",
  });

/** The body of `POST /api/v1/tts`. */
export const ttsSchema = z.object({
  text: spokenText(MAX_TEXT),
  language,
  voice: voiceName.nullish(),
});

export function readTts({ text, language: spoken, voice }: z.output<typeof ttsSchema>): SpeechRequest {
  return { text, language: spoken, voice: voice ?? undefined };
}
