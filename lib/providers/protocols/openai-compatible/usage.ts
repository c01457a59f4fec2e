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
  const details = raw["completion_tokens_details"] ?? raw["output_tokens_details"];
  const reasoning = field(details, "reasoning_tokens");
  const cache = cacheCounts(raw);
  return readUsage({
    prompt: promptTokens(raw, cache),
    completion: completionTokens(raw, reasoning),
    cached: cache.read,
    cacheWrite: cache.written,
    cacheWriteHour: cache.writtenHour,
    reasoning,
    audioPrompt: field(raw["prompt_tokens_details"], "audio_tokens"),
    audioCompletion: field(details, "audio_tokens"),
    costUsd: trustsCost ? reportedCost(raw) : undefined,
  });
}

type CacheCounts = { read: unknown; written: unknown; writtenHour: unknown };

/** Cached tokens in OpenAI's place, or in those of Kimi, vLLM, DeepSeek and of proxies in front of Anthropic. */
function cacheCounts(raw: Record<string, unknown>): CacheCounts {
  const details = raw["prompt_tokens_details"] ?? raw["prompt_token_details"] ?? raw["input_tokens_details"];
  const created =
    raw["cache_creation"] ?? field(details, "cache_creation_token_details") ?? raw["cache_creation_details"];
  const hour = field(created, "ephemeral_1h_input_tokens");
  const total =
    firstCount(
      field(details, "cache_write_tokens"),
      field(details, "cache_creation_tokens"),
      field(details, "cached_creation_tokens"),
      raw["cache_creation_input_tokens"],
    ) ?? sumOf(field(created, "ephemeral_5m_input_tokens"), hour);
  return {
    read: firstCount(
      field(details, "cached_tokens"),
      raw["cached_tokens"],
      raw["cache_read_input_tokens"],
      raw["num_cached_tokens"],
      raw["prompt_cache_hit_tokens"],
    ),
    written: total,
    writtenHour: hour,
  };
}

/**
 * The whole prompt. Some proxies in front of Anthropic leave the cached tokens out of it, which the total
 * reveals, or cached tokens that are more than the prompt.
 */
function promptTokens(raw: Record<string, unknown>, { read, written }: CacheCounts): unknown {
  const told = raw["prompt_tokens"] ?? raw["input_tokens"] ?? field(raw["billed_units"], "input_tokens");
  const prompt = tokenCount(told);
  const cache = (tokenCount(read) ?? 0) + (tokenCount(written) ?? 0);
  if (prompt === undefined || cache === 0) return told;
  const completion = tokenCount(raw["completion_tokens"] ?? raw["output_tokens"]) ?? 0;
  const hasAnthropicNames = raw["cache_read_input_tokens"] !== undefined;
  const isLeftOut =
    (hasAnthropicNames && cache > prompt) || raw["total_tokens"] === prompt + cache + completion;
  return isLeftOut ? prompt + cache : prompt;
}

/**
 * What was written, reasoning included. xAI leaves it out of the completion, which the total reveals; so does
 * reasoning that is more than the completion, unless the total says that there was no more.
 */
export function completionTokens(raw: Record<string, unknown>, reasoning: unknown): unknown {
  const told =
    raw["completion_tokens"] ?? raw["output_tokens"] ?? field(raw["billed_units"], "output_tokens");
  const prompt = tokenCount(raw["prompt_tokens"] ?? raw["input_tokens"]);
  const completion = tokenCount(told);
  const extra = tokenCount(reasoning);
  if (prompt === undefined || completion === undefined || extra === undefined || extra === 0) return told;
  const total = raw["total_tokens"];
  const isBeside =
    total === prompt + completion + extra || (extra > completion && total !== prompt + completion);
  return isBeside ? completion + extra : completion;
}

/**
 * What the answer cost, USD. If the operator's own key at another provider was used (OpenRouter's BYOK), `cost`
 * is OpenRouter's fee, and what that provider bills stands beside it. It stands there for other answers too,
 * and is then the same money.
 */
export function reportedCost(raw: Record<string, unknown>): unknown {
  const { cost } = raw;
  const upstream = field(raw["cost_details"], "upstream_inference_cost");
  if (typeof upstream !== "number" || !(upstream > 0)) return cost;
  const fee = typeof cost === "number" ? cost : 0;
  const isOwnKey = raw["is_byok"] === true || (raw["is_byok"] === undefined && upstream > fee);
  return isOwnKey ? fee + upstream : cost;
}

/** The first of the values that is a count above 0, else the first count. */
function firstCount(...values: unknown[]): number | undefined {
  const counts = values.map(tokenCount).filter((count) => count !== undefined);
  return counts.find((count) => count > 0) ?? counts[0];
}

function sumOf(...values: unknown[]): number | undefined {
  const counts = values.map(tokenCount).filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
