import { messages as api } from "#lib/apis/messages/read.ts";
import { withAnthropicHeaders } from "#lib/server/anthropic-route.ts";
import { readCompletion } from "#lib/server/completion-route.ts";
import { anthropicError } from "#lib/server/http-error.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/plain-response.ts";
import { proxyRoute } from "#lib/server/proxy-route.ts";
import type { GatewaySource, Route, RouteContext } from "#lib/server/route.ts";
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
