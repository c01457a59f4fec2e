import { embeddingsBody, embeddingsSchema, readEmbeddings } from "#lib/apis/embeddings/embeddings.ts";
import { MEGABYTE, readJson } from "#lib/server/body.ts";
import { answerHeaders, authenticateProxy } from "#lib/server/completion-route.ts";
import { openAiError } from "#lib/server/http-error.ts";
import { defineRoute, type GatewaySource, type Route, type RouteContext } from "#lib/server/route.ts";
import { embed } from "#lib/services/embeddings.ts";

const MOST_BYTES = 25 * MEGABYTE;

/** `POST /api/v1/embeddings`: OpenAI's embeddings API over the providers that have them. */
export function embeddings(gateway: GatewaySource): Route {
  return defineRoute(gateway, { POST: answer }, openAiError);
}

async function answer(request: Request, context: RouteContext): Promise<Response> {
  const { gateway, requestId, inBackground } = context;
  const caller = await authenticateProxy(context);
  const body = await readJson(request, embeddingsSchema, MOST_BYTES);
  const read = readEmbeddings(body);
  const embedded = await embed(
    body.model,
    read,
    { requestId, caller, signal: request.signal, inBackground },
    gateway.completion,
  );
  return Response.json(embeddingsBody(embedded, read), { headers: answerHeaders(embedded) });
}
