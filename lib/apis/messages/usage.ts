import type { TokenUsage } from "#lib/chat/usage.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** The parts of a usage that the current types of the API's clients require, where nothing is known of them. */
export const UNKNOWN_USAGE: JsonObject = {
  cache_creation: null,
  fallback_credit: null,
  inference_geo: null,
  iterations: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
};

export function usageObject(usage: TokenUsage): JsonObject {
  const { promptTokens, cachedTokens, cacheWriteTokens, cacheWriteHourTokens = 0, reasoningTokens } = usage;
  return {
    ...UNKNOWN_USAGE,
    input_tokens: Math.max(0, promptTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation:
      cacheWriteTokens === 0
        ? null
        : {
            ephemeral_5m_input_tokens: cacheWriteTokens - cacheWriteHourTokens,
            ephemeral_1h_input_tokens: cacheWriteHourTokens,
          },
    output_tokens: usage.completionTokens,
    output_tokens_details: reasoningTokens > 0 ? { thinking_tokens: reasoningTokens } : null,
    server_tool_use: usage.serverToolUse ?? null,
  };
}
