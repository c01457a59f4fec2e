import { embeddingsBody, embeddingsSchema, readEmbeddings } from "#lib/apis/embeddings/embeddings.ts";
import { MEGABYTE } from "#lib/server/body-reader.ts";
import { answerHeaders } from "#lib/server/completion-route.ts";
import { openAiError } from "#lib/server/http-error.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/plain-response.ts";
import { proxyRoute } from "#lib/server/proxy-route.ts";
import type { GatewaySource, Route, RouteContext } from "#lib/server/route.ts";
import { embed } from "#lib/services/embeddings.ts";

const MOST_BYTES = 25 * MEGABYTE;

/** `POST /api/v1/embeddings`: OpenAI's embeddings API over the providers that have them. */
export function embeddings(gateway: GatewaySource): Route {
  return proxyRoute(gateway, { POST: answer }, openAiError);
}

async function answer(request: Request, context: RouteContext): Promise<PlainResponse> {
  const { gateway, requestId, inBackground } = context;
  const caller = await context.authenticateProxy();
  const body = await context.readJson(embeddingsSchema, MOST_BYTES);
  const read = { ...readEmbeddings(body), isLarge: context.hasLargeBody() };
  const embedded = await embed(
    body.model,
    read,
    { requestId, caller, signal: request.signal, inBackground },
    gateway.embeddings,
  );
  return jsonResponse(embeddingsBody(embedded, read), { headers: answerHeaders(embedded, read.dropped) });
}
