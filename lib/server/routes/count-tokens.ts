import type { ReadRequest } from "#lib/apis/completion-api.ts";
import { messages as api } from "#lib/apis/messages/read.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { completionBody } from "#lib/server/routes/completion-route.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { countPromptTokens } from "#lib/services/count-tokens.ts";

/** `POST /api/v1/messages/count_tokens`: how many tokens the prompt of a message would be. */
export const countTokens = declareRoute({
  path: "/api/v1/messages/count_tokens",
  access: "proxy",
  errors: "anthropic",
  methods: {
    POST: {
      summary: "Token count of a prompt, compatible with Anthropic",
      description: "Counted by the engine if it can, else estimated.",
      answers: async () => {
        const { tokenCountSchema } = await import("#lib/apis/messages/answer-schema.ts");
        return { 200: { description: "The count.", json: tokenCountSchema } };
      },
      body: completionBody(api),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"proxy", ReadRequest>): Promise<PlainResponse> {
  const { gateway, request, requestId, caller, body, waitUntil, onRateLimit } = call;
  const context = { requestId, caller, signal: clientSignal(request), waitUntil, onRateLimit };
  const tokens = await countPromptTokens(body, context, gateway.completion);
  return jsonResponse({ input_tokens: tokens });
}
