import { z } from "zod";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

const MAX_LENGTH = 200_000;

const message = z
  .string()
  .max(MAX_LENGTH)
  .refine((text) => stripInvisible(text).trim() !== "", "must not be empty");

/** The body of `POST /api/v1/suggestions`: the last message of a user, and the answer to it. */
export const suggestionsBodySchema = z.object({ userMsg: message, aiMsg: message });

export type Exchange = { userMessage: string; answer: string };

export function readSuggestionsBody({ userMsg, aiMsg }: z.output<typeof suggestionsBodySchema>): Exchange {
  return { userMessage: userMsg, answer: aiMsg };
}

/** The body of the answer. */
export const suggestionsAnswerSchema = z.object({
  ok: z.literal(true),
  suggestions: z.array(z.string()).max(3),
});
