import { responses as api } from "#lib/apis/responses/read.ts";
import { openAiError } from "#lib/server/http/http-error.ts";
import type { GatewaySource, Route } from "#lib/server/http/route.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/responses`: OpenAI's Responses API over our engines. */
export function responses(gateway: GatewaySource): Route {
  return completionRoute(gateway, api, openAiError);
}
