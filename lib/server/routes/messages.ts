import { messages as api } from "#lib/apis/messages/read.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/messages`: Anthropic's Messages API over the gateway's engines. */
export const messages = completionRoute({
  path: "/api/v1/messages",
  errors: "anthropic",
  api,
  summary: "Messages, compatible with Anthropic",
  description: "With `stream`, the last event is `message_stop`, or `error`.",
  answers: async () => {
    const { messageEventSchema, messageSchema } = await import("#lib/apis/messages/answer-schema.ts");
    return { 200: { description: "The answer.", json: messageSchema, events: messageEventSchema } };
  },
});
