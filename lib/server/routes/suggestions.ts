import {
  type Exchange,
  readSuggestionsBody,
  suggestionsAnswerSchema,
  suggestionsBodySchema,
} from "#lib/apis/native/suggestions.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { suggest } from "#lib/services/suggestions/suggest.ts";

/** `POST /api/v1/suggestions`: what a user could ask next. */
export const suggestions = declareRoute({
  path: "/api/v1/suggestions",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Suggest what to ask next",
      description:
        "Up to three short messages that the user could send next, in the user's language. The list is empty " +
        "if no engine could suggest any.",
      answers: async () => ({
        200: { description: "The suggestions.", json: suggestionsAnswerSchema },
      }),
      body: jsonBody({ schema: suggestionsBodySchema, maxBytes: MEGABYTE, read: readSuggestionsBody }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", Exchange>): Promise<PlainResponse> {
  const suggested = await suggest(call.body, callContext(call), { ...call.gateway.completion, randomHex });
  return jsonResponse({ ok: true, suggestions: suggested });
}
