import { messages as api } from "#lib/apis/messages/read.ts";
import { anthropicError } from "#lib/server/http/http-error.ts";
import type { GatewaySource, Route } from "#lib/server/http/route.ts";
import { withAnthropicHeaders } from "#lib/server/routes/anthropic-route.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/messages`: Anthropic's Messages API over our engines. */
export function messages(gateway: GatewaySource): Route {
  return withAnthropicHeaders(completionRoute(gateway, api, anthropicError));
}
