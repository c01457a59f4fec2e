import type { ChatRequest } from "#lib/chat/request.ts";
import type { EngineRequest } from "#lib/providers/call/engine-call.ts";
import type { Target } from "#lib/providers/failover.ts";
import { encodeAnthropic } from "#lib/providers/protocols/anthropic/encode.ts";
import { anthropic } from "#lib/providers/protocols/anthropic/index.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** What of a message counts as prompt; any other field would be refused. */
const COUNTED_FIELDS = [
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "cache_control",
  "context_management",
  "mcp_servers",
] as const;

/** A chat request as a question for the length of its prompt: `POST /v1/messages/count_tokens`. */
export function encodeTokenCount(request: ChatRequest, { engine, key }: Target): EngineRequest {
  const { path, headers, body } = encodeAnthropic(request, engine, { promptCache: true });
  const counted: JsonObject = {};
  for (const name of COUNTED_FIELDS) if (body[name] !== undefined) counted[name] = body[name];
  return {
    path: `${path}/count_tokens`,
    headers: { ...headers, ...anthropic.authHeaders(key) },
    body: counted,
  };
}
