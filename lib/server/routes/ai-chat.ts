import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { TONES } from "#lib/prompts/system-prompt.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { defineRoute, type GatewaySource, type Route, type RouteContext } from "#lib/server/http/route.ts";
import { startChatTurn } from "#lib/services/chat/start-turn.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import { serializeEvents } from "#lib/streaming/events.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";

const MOST_BYTES = 25 * MEGABYTE;
const LONGEST_MESSAGE = 200_000;
const spoken = (text: string): boolean => stripInvisible(text).trim() !== "";
const notYet = z.undefined({ error: "is not supported yet; send the text in the message" }).optional();

const IMAGE_HEAD = /^data:image\/(?:png|jpeg|webp|gif);base64,/;

function isImageUrl(text: string): boolean {
  const head = IMAGE_HEAD.exec(text)?.[0];
  if (head === undefined) return false;
  // Looks for what does not belong there: a pattern of the whole would remember every character it passed.
  const data = text.slice(head.length).replace(/={1,2}$/, "");
  return data !== "" && !/[^A-Za-z0-9+/]/.test(data);
}

/** The body of `POST /api/ai-chat`. */
export const aiChatBodySchema = z.object({
  message: z.string().max(LONGEST_MESSAGE).refine(spoken, "must not be empty"),
  history: z
    .array(z.object({ role: z.enum(["user", "assistant"]), content: z.string().max(LONGEST_MESSAGE) }))
    .max(1_000)
    .default([]),
  model: z.enum([...MODE_IDS, "auto"]).default("auto"),
  sessionId: z.uuid().nullish(),
  image: z
    .string()
    .refine(isImageUrl, "must be a base64 data URL of a PNG, JPEG, WebP or GIF image")
    .nullish(),
  customInstructions: z.string().max(4_000).optional(),
  tone: z.enum(TONES).optional(),
  files: notYet,
  pdfBase64: notYet,
  excelBase64: notYet,
  wordBase64: notYet,
});

/** `POST /api/ai-chat`: one message in, the native event stream out. */
export function aiChat(gateway: GatewaySource): Route {
  return defineRoute(gateway, { POST: answer });
}

async function answer(request: Request, context: RouteContext): Promise<PlainResponse> {
  const { gateway, requestId, inBackground } = context;
  const caller = await context.authenticate();
  const body = await context.readJson(aiChatBodySchema, MOST_BYTES);
  const turn = await startChatTurn(
    { ...toInput(body), isLarge: context.hasLargeBody() },
    { requestId, caller, signal: request.signal, inBackground },
    gateway.chat,
  );
  const stream = sseStream(turn.events, serializeEvents, {
    clock: gateway.chat.clock,
    onCancel: () => turn.abandon(),
  });
  return new PlainResponse(stream, { headers: SSE_HEADERS });
}

function toInput(body: z.infer<typeof aiChatBodySchema>): Omit<ChatInput, "isLarge"> {
  return {
    message: body.message,
    history: body.history,
    model: body.model,
    sessionId: body.sessionId ?? undefined,
    image: body.image ?? undefined,
    customInstructions: body.customInstructions,
    tone: body.tone,
  };
}
