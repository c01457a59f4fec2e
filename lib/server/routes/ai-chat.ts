import { aiChatBodySchema, readAiChat } from "#lib/apis/native/chat.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { type DocumentChatInput, startTurnWithFiles } from "#lib/services/chat/document-turn.ts";
import { nativeEventSchema, serializeEvents } from "#lib/streaming/events.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";

/** `POST /api/ai-chat`: one message in, the native event stream out. */
export const aiChat = declareRoute({
  path: "/api/ai-chat",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Native chat",
      description: "One message in; the typed event stream out. It always ends with `done` or `error`.",
      answers: async () => ({
        200: { description: "One event a frame, as JSON.", events: nativeEventSchema },
      }),
      body: jsonBody({
        schema: aiChatBodySchema,
        maxBytes: 25 * MEGABYTE,
        read: (body, { isLarge }): DocumentChatInput => ({ ...readAiChat(body), isLarge }),
      }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", DocumentChatInput>): Promise<PlainResponse> {
  const { gateway } = call;
  const turn = await startTurnWithFiles(call.body, callContext(call), gateway.chat, () => gateway.files);
  const stream = sseStream(turn.events, serializeEvents, {
    clock: gateway.chat.clock,
    onCancel: () => turn.abandon(),
  });
  return new PlainResponse(stream, { headers: SSE_HEADERS });
}
