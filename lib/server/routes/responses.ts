import { responses as api } from "#lib/apis/responses/read.ts";
import { completionRoute } from "#lib/server/completion-route.ts";
import { openAiError } from "#lib/server/http-error.ts";
import type { GatewaySource, Route } from "#lib/server/route.ts";

/** `POST /api/v1/responses`: OpenAI's Responses API over our engines. */
export function responses(gateway: GatewaySource): Route {
  return completionRoute(gateway, api, openAiError);
}
