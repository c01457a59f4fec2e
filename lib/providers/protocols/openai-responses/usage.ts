import { readUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { completionTokens, reportedCost } from "#lib/providers/protocols/openai-compatible/usage.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";

/**
 * The usage of a response; undefined if it has none.
 * @param trustsCost whether the provider bills what it reports as `usage.cost`.
 */
export function readResponsesUsage(response: unknown, trustsCost: boolean): TokenUsage | undefined {
  const usage = field(response, "usage");
  if (!isJsonObject(usage)) return undefined;
  const details = usage["input_tokens_details"];
  const reasoning = field(usage["output_tokens_details"], "reasoning_tokens");
  return readUsage({
    prompt: usage["input_tokens"],
    completion: completionTokens(usage, reasoning),
    cached: field(details, "cached_tokens"),
    cacheWrite: field(details, "cache_write_tokens"),
    reasoning,
    costUsd: trustsCost ? reportedCost(usage) : undefined,
  });
}
