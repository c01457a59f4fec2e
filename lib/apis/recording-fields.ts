import { z } from "zod";
import { languageCode } from "#lib/transcription/languages.ts";

const MAX_PROMPT = 10_000;

/** A language as clients write it; an empty field counts as none. */
export const spokenLanguage = z
  .string()
  .max(40)
  .transform((text) => (text.trim() === "" ? undefined : (languageCode(text) ?? null)))
  .refine((code) => code !== null, "is not a language that engines know; send its ISO 639-1 code, such as en")
  .transform((code) => code ?? undefined)
  .optional()
  .describe("The language that is spoken: its ISO 639-1 code, such as `en`.");

export const spokenPrompt = z
  .string()
  .max(MAX_PROMPT)
  .optional()
  .describe("Names and words that occur in the recording, or the text before it.");
