import type { JsonObject } from "#lib/shared/json.ts";

/**
 * Tokens of one upstream attempt.
 * `promptTokens` is the whole prompt, cached and cache-written tokens included; `completionTokens`
 * includes reasoning.
 */
export type TokenUsage = {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  /** Of the cache-written tokens, those that are kept for an hour, which costs more; 0 if absent. */
  cacheWriteHourTokens?: number;
  reasoningTokens: number;
  /** Of the prompt and of the answer, the tokens that are sound, which costs more; 0 if absent. */
  audioPromptTokens?: number;
  audioCompletionTokens?: number;
  /** Of calls that are not priced by tokens alone: images that were made, and seconds of sound heard or spoken. */
  images?: number;
  audioSeconds?: number;
  /** `estimated` if the provider reported nothing, or something impossible. */
  source: "exact" | "estimated";
  /** The total that the provider did not report; its value here is a lower bound. See `completeUsage`. */
  missing?: "prompt" | "completion";
  /** The cost of the attempt as reported by the provider, in USD (OpenRouter). */
  reportedCostUsd?: number;
  /**
   * What the provider ran before the answer and bills beside it (Anthropic's compaction of a long conversation): not
   * in the counts above, which are those of the answer.
   */
  compactions?: readonly TokenCounts[];
  /** How often Anthropic ran its own tools, as it reports it (`usage.server_tool_use`). */
  serverToolUse?: JsonObject;
};

/** The counts that have a price. */
export type TokenCounts = Pick<
  TokenUsage,
  | "promptTokens"
  | "completionTokens"
  | "cachedTokens"
  | "cacheWriteTokens"
  | "cacheWriteHourTokens"
  | "reasoningTokens"
  | "audioPromptTokens"
  | "audioCompletionTokens"
  | "images"
  | "audioSeconds"
>;

/** Larger counts are treated as a provider's mistake. */
const MAX_TOKENS = 100_000_000;

/** A token count as providers send it: a whole number, possibly absent or null. */
export function tokenCount(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (value < 0 || value > MAX_TOKENS) return undefined;
  return Math.round(value);
}

/** About four characters per token in English text; used only if a provider reported nothing. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

export function estimatedUsage(promptTokens: number, completionTokens: number): TokenUsage {
  return {
    promptTokens,
    completionTokens,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    source: "estimated",
  };
}

/** A provider's raw counts, any of which may be missing or absurd. */
export type RawUsage = {
  prompt: unknown;
  completion: unknown;
  cached?: unknown;
  cacheWrite?: unknown;
  cacheWriteHour?: unknown;
  reasoning?: unknown;
  audioPrompt?: unknown;
  audioCompletion?: unknown;
  costUsd?: unknown;
};

/**
 * Usage from a provider's raw counts; undefined if neither total is usable. If one total is unusable, the
 * usage is an estimate, and `missing` names the total for the caller to fill in.
 */
export function readUsage(raw: RawUsage): TokenUsage | undefined {
  const prompt = tokenCount(raw.prompt);
  const completion = tokenCount(raw.completion);
  // No request has neither prompt nor answer: two zeros are what servers write that do not count.
  if ((prompt ?? 0) === 0 && (completion ?? 0) === 0) return undefined;
  const cached = tokenCount(raw.cached) ?? 0;
  const written = tokenCount(raw.cacheWrite) ?? 0;
  const reasoning = tokenCount(raw.reasoning) ?? 0;
  const usage: TokenUsage = {
    promptTokens: prompt ?? cached + written,
    completionTokens: completion ?? reasoning,
    cachedTokens: Math.min(cached, prompt ?? cached),
    cacheWriteTokens: Math.min(written, prompt ?? written),
    // A part of the completion, whatever the provider says.
    reasoningTokens: Math.min(reasoning, completion ?? reasoning),
    source: "exact",
  };
  if (prompt === undefined || completion === undefined) {
    usage.source = "estimated";
    usage.missing = prompt === undefined ? "prompt" : "completion";
  }
  const hour = Math.min(tokenCount(raw.cacheWriteHour) ?? 0, usage.cacheWriteTokens);
  if (hour > 0) usage.cacheWriteHourTokens = hour;
  const heard = Math.min(tokenCount(raw.audioPrompt) ?? 0, usage.promptTokens);
  if (heard > 0) usage.audioPromptTokens = heard;
  const spoken = Math.min(tokenCount(raw.audioCompletion) ?? 0, usage.completionTokens);
  if (spoken > 0) usage.audioCompletionTokens = spoken;
  if (typeof raw.costUsd === "number" && raw.costUsd >= 0 && raw.costUsd < 1e6) {
    usage.reportedCostUsd = raw.costUsd;
  }
  return usage;
}

/** Of a call that is not counted in tokens. */
export const NO_USAGE: TokenUsage = {
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
};

const OPTIONAL_COUNTS = [
  "cacheWriteHourTokens",
  "audioPromptTokens",
  "audioCompletionTokens",
  "images",
  "audioSeconds",
] as const;

/** The sum of several attempts' usage; an estimate if any part is. Without reported costs and what was run beside it. */
export function sumUsage(parts: readonly TokenUsage[]): TokenUsage {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const sum: TokenUsage = { ...NO_USAGE };
  for (const part of parts) {
    sum.promptTokens += part.promptTokens;
    sum.completionTokens += part.completionTokens;
    sum.cachedTokens += part.cachedTokens;
    sum.cacheWriteTokens += part.cacheWriteTokens;
    sum.reasoningTokens += part.reasoningTokens;
    for (const name of OPTIONAL_COUNTS) {
      const count = part[name];
      if (count !== undefined) sum[name] = (sum[name] ?? 0) + count;
    }
    if (part.source === "estimated") sum.source = "estimated";
  }
  return sum;
}

/** All tokens that a provider worked on, those beside the answer included. */
export function providerUsage(usage: TokenUsage): TokenUsage {
  const { compactions, ...answer } = usage;
  if (compactions === undefined) return usage;
  return sumUsage([answer, ...compactions.map((counts) => ({ ...counts, source: "exact" as const }))]);
}

/** The usage with its missing total, if any, taken from an estimate. */
export function completeUsage(usage: TokenUsage, estimate: TokenUsage): TokenUsage {
  const { missing, ...known } = usage;
  if (missing === undefined) return usage;
  const total = missing === "prompt" ? "promptTokens" : "completionTokens";
  return { ...known, [total]: Math.max(known[total], estimate[total]) };
}
