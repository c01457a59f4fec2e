import { z } from "zod";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { filesOf, filesShape, MAX_FILES, type NativeFile } from "#lib/apis/native/files.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { TONES, type Tone } from "#lib/prompts/system-prompt.ts";

const MAX_MESSAGE_LENGTH = 200_000;
const MAX_INSTRUCTIONS_LENGTH = 4_000;
const MAX_HISTORY = 1_000;
const MAX_MCP_SERVERS = 10;
const MAX_NAME = 200;
const MAX_APPROVALS = 16;
const MAX_ARGUMENTS = 100_000;
const MAX_REASON = 500;

const isNotBlank = (text: string): boolean => stripInvisible(text).trim() !== "";

const IMAGE_HEAD = /^data:image\/(?:png|jpeg|webp|gif);base64,/;

function isImageUrl(text: string): boolean {
  const head = IMAGE_HEAD.exec(text)?.[0];
  if (head === undefined) return false;
  // Searches for an invalid character: a pattern for the whole text would need memory for each one.
  const data = text.slice(head.length).replace(/={1,2}$/, "");
  return data !== "" && !/[^A-Za-z0-9+/]/.test(data);
}

/** What the user says to an `approval` event, with its fields. */
const approval = z.object({
  id: z.string().min(1).max(MAX_NAME),
  plugin: z.string().min(1).max(MAX_NAME),
  tool: z.string().min(1).max(MAX_NAME),
  arguments: z.string().max(MAX_ARGUMENTS),
  approve: z.boolean(),
  reason: z.string().max(MAX_REASON).optional(),
});

const fields = z.object({
  message: z.string().max(MAX_MESSAGE_LENGTH),
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
  ...filesShape,
  memory: z.boolean().default(true),
  mcp: z.array(z.string().min(1).max(MAX_NAME)).max(MAX_MCP_SERVERS).default([]),
  approvals: z.array(approval).max(MAX_APPROVALS).default([]),
});

/** The body of `POST /api/ai-chat`. A message may be blank if files or approvals come with it. */
export const aiChatBodySchema = fields
  .refine((body) => isNotBlank(body.message) || filesOf(body).length > 0 || body.approvals.length > 0, {
    path: ["message"],
    error: "must not be empty",
  })
  .refine((body) => filesOf(body).length <= MAX_FILES, {
    path: ["files"],
    error: `must have at most ${MAX_FILES} files`,
  });

/** A request to native chat, parsed. */
export type NativeChatRequest = {
  message: string;
  history: { role: "user" | "assistant"; content: string }[];
  model: ModeId | "auto";
  sessionId: string | undefined;
  image: string | undefined;
  files: NativeFile[];
  customInstructions: string | undefined;
  tone: Tone | undefined;
  memory: boolean;
  /** Ids of MCP servers whose tools the model may call. */
  mcp: string[];
  approvals: z.output<typeof approval>[];
};

export function readAiChat(body: z.output<typeof aiChatBodySchema>): NativeChatRequest {
  return {
    message: body.message,
    history: body.history,
    model: body.model,
    sessionId: body.sessionId ?? undefined,
    image: body.image ?? undefined,
    files: filesOf(body),
    customInstructions: body.customInstructions,
    tone: body.tone,
    memory: body.memory,
    mcp: body.mcp,
    approvals: body.approvals,
  };
}
