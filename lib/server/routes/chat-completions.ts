import { chatCompletions as api } from "#lib/apis/chat-completions/read.ts";
import { completionRoute } from "#lib/server/completion-route.ts";
import { openAiError } from "#lib/server/http-error.ts";
import type { GatewaySource, Route } from "#lib/server/route.ts";

/** `POST /api/v1/chat/completions`: OpenAI's chat API over our engines. */
export function chatCompletions(gateway: GatewaySource): Route {
  return completionRoute(gateway, api, openAiError);
}
