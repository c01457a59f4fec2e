import { z } from "zod";
import { spokenLanguage, spokenPrompt } from "#lib/apis/recording-fields.ts";
import type { Transcript } from "#lib/transcription/transcript.ts";

/** The fields of the form of `POST /api/v1/stt`, beside the file. */
export const sttFieldsSchema = z.object({
  language: spokenLanguage,
  prompt: spokenPrompt,
  verbose: z
    .enum(["true", "false", "on", "off", "1", "0", ""])
    .transform((text) => /^(?:true|on|1)$/.test(text))
    .optional()
    .describe("Whether the answer has the length and the segments with their times."),
});

/** The same with the file, for the documentation. */
export const sttFormSchema = sttFieldsSchema.extend({
  file: z.string().meta({ format: "binary" }).describe("The recording, up to 25 MB."),
});

/** The body of the answer. `language` is a code of ISO 639-1. */
export const sttAnswerSchema = z.object({
  ok: z.literal(true),
  text: z.string(),
  language: z.string().optional(),
  duration: z.number().optional(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })).optional(),
  provider: z.string(),
});

export function sttBody(
  { text, language, seconds, segments }: Transcript,
  { verbose, provider }: { verbose: boolean; provider: string },
): z.input<typeof sttAnswerSchema> {
  return {
    ok: true,
    text,
    ...(language === undefined ? {} : { language }),
    ...(verbose && seconds !== undefined ? { duration: seconds } : {}),
    ...(verbose ? { segments: segments.map(({ start, end, text }) => ({ start, end, text })) } : {}),
    provider,
  };
}
