import {
  embeddingsAnswerSchema,
  embeddingsBody,
  embeddingsSchema,
  readEmbeddings,
} from "#lib/apis/embeddings/embeddings.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { embed } from "#lib/services/embeddings.ts";

type Input = { model: string; request: ReturnType<typeof readEmbeddings> & { isLarge: boolean } };

/** `POST /api/v1/embeddings`: OpenAI's embeddings API over the providers that offer embeddings. */
export const embeddings = declareRoute({
  path: "/api/v1/embeddings",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Embeddings, compatible with OpenAI",
      answers: async () => ({ 200: { description: "The vectors.", json: embeddingsAnswerSchema } }),
      body: jsonBody({
        schema: embeddingsSchema,
        maxBytes: 25 * MEGABYTE,
        read: (body, { isLarge }): Input => ({
          model: body.model,
          request: { ...readEmbeddings(body), isLarge },
        }),
      }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"proxy", Input>): Promise<PlainResponse> {
  const { gateway } = call;
  const { model, request } = call.body;
  const embedded = await embed(model, request, callContext(call), gateway.embeddings);
  return jsonResponse(embeddingsBody(embedded, request), {
    headers: answerHeaders(embedded, request.dropped),
  });
}
