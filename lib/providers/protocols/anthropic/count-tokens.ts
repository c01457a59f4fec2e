import { tokenCount } from "#lib/chat/usage.ts";
import { encodeAnthropic } from "#lib/providers/protocols/anthropic/encode.ts";
import { withoutCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import type { TokenCountPower } from "#lib/providers/protocols/protocol.ts";
import { field, type JsonObject } from "#lib/shared/json.ts";

/** The fields that count as prompt; the API rejects any other. */
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

/** Counts the tokens of a prompt: `POST /v1/messages/count_tokens`. */
export const anthropicTokenCount: TokenCountPower = {
  encode(request, engine) {
    const { path, headers, body } = encodeAnthropic(withoutCustomTools(request), engine, {
      promptCache: true,
    });
    const counted: JsonObject = {};
    for (const name of COUNTED_FIELDS) if (body[name] !== undefined) counted[name] = body[name];
    return {
      kind: "json",
      path: `${path}/count_tokens`,
      headers,
      body: counted,
      isLarge: request.isLarge,
    };
  },
  read: (answer) => tokenCount(field(answer, "input_tokens")),
};
