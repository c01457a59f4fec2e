import { chatCompletions as api } from "#lib/apis/chat-completions/read.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/chat/completions`: OpenAI's chat API over the gateway's engines. */
export const chatCompletions = completionRoute({
  path: "/api/v1/chat/completions",
  errors: "openai",
  api,
  summary: "Chat completions, compatible with OpenAI",
  description:
    "`model` is a mode, `auto`, a name that is mapped to a mode, or `provider/model`. With `stream`, a " +
    "complete answer ends with `data: [DONE]`.",
  answers: async () => {
    const { chatCompletionChunkSchema, chatCompletionSchema } = await import(
      "#lib/apis/chat-completions/answer-schema.ts"
    );
    return {
      200: { description: "The answer.", json: chatCompletionSchema, events: chatCompletionChunkSchema },
    };
  },
});
