import { z } from "zod";
import { hasWords } from "#lib/speech/split-text.ts";

/** A text to be spoken, of at most so many characters. One without a letter or digit would be silence. */
export function spokenText(maxLength: number) {
  return z
    .string()
    .min(1, "must not be empty")
    .max(maxLength)
    .refine((text) => !text.includes("\0"), "must not contain NUL characters")
    .refine((text) => hasWords(text), "must contain words");
}
