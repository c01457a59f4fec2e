import { z } from "zod";
import { hasWords } from "#lib/speech/split-text.ts";
import { isVoice, VOICES } from "#lib/speech/voices.ts";

/** What is wrong with a name that no voice has. */
export const NO_SUCH_VOICE = `must be one of ${VOICES.join(", ")}`;

export const voiceName = z
  .string()
  .max(64)
  .refine(isVoice, NO_SUCH_VOICE)
  .describe("The name of one of OpenAI's or Gemini's voices.");

/** A text to be spoken, of at most so many characters. One without a letter or digit would be silence. */
export function spokenText(maxLength: number) {
  return z
    .string()
    .min(1, "must not be empty")
    .max(maxLength)
    .refine((text) => !text.includes("\0"), "must not contain NUL characters")
    .refine((text) => hasWords(text), "must contain words");
}
