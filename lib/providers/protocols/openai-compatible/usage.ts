import { readUsage, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";

/**
 * The usage in a chunk or a whole answer; undefined when it has none.
 * @param trustsCost whether the provider bills what it reports as `usage.cost`.
 */
export function readOpenAiUsage(chunk: unknown, trustsCost: boolean): TokenUsage | undefined {
  const [choice] = arrayField(chunk, "choices");
  // Groq repeats it under x_groq; Moonshot and similar providers put it inside the choice.
  const raw = field(chunk, "usage") ?? field(field(chunk, "x_groq"), "usage") ?? field(choice, "usage");
  if (!isJsonObject(raw)) return undefined;
  const promptDetails = field(raw, "prompt_tokens_details") ?? field(raw, "prompt_token_details");
  const reasoning = field(raw["completion_tokens_details"], "reasoning_tokens");
  return readUsage({
    prompt: raw["prompt_tokens"],
    completion: completionTokens(raw, reasoning),
    cached:
      field(promptDetails, "cached_tokens") ?? raw["num_cached_tokens"] ?? raw["prompt_cache_hit_tokens"],
    cacheWrite: field(promptDetails, "cache_write_tokens"),
    reasoning,
    costUsd: trustsCost ? raw["cost"] : undefined,
  });
}

/** xAI excludes reasoning from the completion tokens, which the total reveals. */
function completionTokens(raw: Record<string, unknown>, reasoning: unknown): unknown {
  const prompt = tokenCount(raw["prompt_tokens"]);
  const completion = tokenCount(raw["completion_tokens"]);
  const extra = tokenCount(reasoning);
  if (prompt === undefined || completion === undefined || extra === undefined || extra === 0) {
    return raw["completion_tokens"];
  }
  return raw["total_tokens"] === prompt + completion + extra ? completion + extra : completion;
}
