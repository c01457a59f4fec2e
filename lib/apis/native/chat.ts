import { z } from "zod";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { TONES, type Tone } from "#lib/prompts/system-prompt.ts";

const MAX_MESSAGE_LENGTH = 200_000;
const MAX_INSTRUCTIONS_LENGTH = 4_000;
const MAX_HISTORY = 1_000;

const isNotBlank = (text: string): boolean => stripInvisible(text).trim() !== "";
const notYet = z.undefined({ error: "is not supported yet; send the text in the message" }).optional();

const IMAGE_HEAD = /^data:image\/(?:png|jpeg|webp|gif);base64,/;

function isImageUrl(text: string): boolean {
  const head = IMAGE_HEAD.exec(text)?.[0];
  if (head === undefined) return false;
  // Searches for an invalid character: a pattern for the whole text would need memory for each one.
  const data = text.slice(head.length).replace(/={1,2}$/, "");
  return data !== "" && !/[^A-Za-z0-9+/]/.test(data);
}

/** The body of `POST /api/ai-chat`. */
export const aiChatBodySchema = z.object({
  message: z.string().max(MAX_MESSAGE_LENGTH).refine(isNotBlank, "must not be empty"),
  history: z
    .array(z.object({ role: z.enum(["user", "assistant"]), content: z.string().max(MAX_MESSAGE_LENGTH) }))
    .max(MAX_HISTORY)
    .default([]),
  model: z.enum([...MODE_IDS, "auto"]).default("auto"),
  sessionId: z.uuid().nullish(),
  image: z
    .string()
    .refine(isImageUrl, "must be a base64 data URL of a PNG, JPEG, WebP or GIF image")
    .nullish(),
  customInstructions: z.string().max(MAX_INSTRUCTIONS_LENGTH).optional(),
  tone: z.enum(TONES).optional(),
  memory: z.boolean().default(true),
  files: notYet,
  pdfBase64: notYet,
  excelBase64: notYet,
  wordBase64: notYet,
});

/** A request to native chat, parsed. */
export type NativeChatRequest = {
  message: string;
  history: { role: "user" | "assistant"; content: string }[];
  model: ModeId | "auto";
  sessionId: string | undefined;
  image: string | undefined;
  customInstructions: string | undefined;
  tone: Tone | undefined;
  memory: boolean;
};

export function readAiChat(body: z.output<typeof aiChatBodySchema>): NativeChatRequest {
  return {
    message: body.message,
    history: body.history,
    model: body.model,
    sessionId: body.sessionId ?? undefined,
    image: body.image ?? undefined,
    customInstructions: body.customInstructions,
    tone: body.tone,
    memory: body.memory,
  };
}
