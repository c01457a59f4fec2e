import { responses as api } from "#lib/apis/responses/read.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/responses`: OpenAI's Responses API over the gateway's engines. */
export const responses = completionRoute({
  path: "/api/v1/responses",
  errors: "openai",
  api,
  summary: "Responses, compatible with OpenAI",
  description:
    "Responses are not stored: send the whole conversation in `input`. Tools of type `mcp` name MCP servers of the " +
    "gateway's configuration, whose tools it calls. With `stream`, the last event is " +
    "`response.completed`, `response.incomplete` or `response.failed`.",
  answers: async () => {
    const { responseEventSchema, responseSchema } = await import("#lib/apis/responses/answer-schema.ts");
    return { 200: { description: "The answer.", json: responseSchema, events: responseEventSchema } };
  },
});
