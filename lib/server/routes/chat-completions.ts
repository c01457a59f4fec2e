import { chatCompletions as api } from "#lib/apis/chat-completions/read.ts";
import { openAiError } from "#lib/server/http/http-error.ts";
import type { GatewaySource, Route } from "#lib/server/http/route.ts";
import { completionRoute } from "#lib/server/routes/completion-route.ts";

/** `POST /api/v1/chat/completions`: OpenAI's chat API over our engines. */
export function chatCompletions(gateway: GatewaySource): Route {
  return completionRoute(gateway, api, openAiError);
}
