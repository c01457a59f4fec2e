import { embeddingsBody, embeddingsSchema, readEmbeddings } from "#lib/apis/embeddings/embeddings.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { openAiError } from "#lib/server/http/http-error.ts";
import type { GatewaySource, Route, RouteContext } from "#lib/server/http/route.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { proxyRoute } from "#lib/server/routes/proxy-route.ts";
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
