import { messages as api } from "#lib/apis/messages/read.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { anthropicError } from "#lib/server/http/http-error.ts";
import type { GatewaySource, Route, RouteContext } from "#lib/server/http/route.ts";
import { withAnthropicHeaders } from "#lib/server/routes/anthropic-route.ts";
import { readCompletion } from "#lib/server/routes/completion-route.ts";
import { proxyRoute } from "#lib/server/routes/proxy-route.ts";
import { countPromptTokens } from "#lib/services/count-tokens.ts";

/** `POST /api/v1/messages/count_tokens`: how many tokens the prompt of a message would be. */
export function countTokens(gateway: GatewaySource): Route {
  return withAnthropicHeaders(proxyRoute(gateway, { POST: answer }, anthropicError));
}

async function answer(request: Request, context: RouteContext): Promise<PlainResponse> {
  const caller = await context.authenticateProxy();
  const input = await readCompletion(request, context, api);
  const tokens = await countPromptTokens(
    input,
    { caller, signal: request.signal },
    context.gateway.completion,
  );
  return jsonResponse({ input_tokens: tokens });
}
