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
  reasoningTokens: number;
  /** `estimated` when the provider said nothing, or something impossible. */
  source: "exact" | "estimated";
  /** The one total that the provider did not say; what stands for it is a lower bound. See `completeUsage`. */
  missing?: "prompt" | "completion";
  /** What the provider says the attempt cost, in USD (OpenRouter). */
  reportedCostUsd?: number;
};

/** No attempt bills more than this; a larger number is a provider's mistake. */
const MAX_TOKENS = 100_000_000;

/** A token count as providers send it: a whole number, possibly absent or null. */
export function tokenCount(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (value < 0 || value > MAX_TOKENS) return undefined;
  return Math.round(value);
}

/** Roughly four characters a token in English text; used only where a provider reported nothing. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

export function estimatedUsage(promptCharacters: number, completionCharacters: number): TokenUsage {
  return {
    promptTokens: estimateTokens(promptCharacters),
    completionTokens: estimateTokens(completionCharacters),
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    source: "estimated",
  };
}

/** Raw counts of a provider, any of them missing or absurd. */
export type RawUsage = {
  prompt: unknown;
  completion: unknown;
  cached?: unknown;
  cacheWrite?: unknown;
  reasoning?: unknown;
  costUsd?: unknown;
};

/**
 * Usage from a provider's raw counts, or undefined when neither total is usable.
 * One missing or impossible total makes the whole an estimate, and is named for the caller to fill in.
 */
export function readUsage(raw: RawUsage): TokenUsage | undefined {
  const prompt = tokenCount(raw.prompt);
  const completion = tokenCount(raw.completion);
  if (prompt === undefined && completion === undefined) return undefined;
  const cached = tokenCount(raw.cached) ?? 0;
  const written = tokenCount(raw.cacheWrite) ?? 0;
  const reasoning = tokenCount(raw.reasoning) ?? 0;
  const usage: TokenUsage = {
    promptTokens: prompt ?? cached + written,
    completionTokens: completion ?? reasoning,
    cachedTokens: Math.min(cached, prompt ?? cached),
    cacheWriteTokens: Math.min(written, prompt ?? written),
    reasoningTokens: reasoning,
    source: "exact",
  };
  if (prompt === undefined || completion === undefined) {
    usage.source = "estimated";
    usage.missing = prompt === undefined ? "prompt" : "completion";
  }
  if (typeof raw.costUsd === "number" && raw.costUsd >= 0 && raw.costUsd < 1e6) {
    usage.reportedCostUsd = raw.costUsd;
  }
  return usage;
}

const NO_USAGE: TokenUsage = {
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
};

/** The usage of several attempts at one answer; an estimate when any part is. What they cost is not added. */
export function sumUsage(parts: readonly TokenUsage[]): TokenUsage {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return parts.reduce<TokenUsage>(
    (sum, part) => ({
      promptTokens: sum.promptTokens + part.promptTokens,
      completionTokens: sum.completionTokens + part.completionTokens,
      cachedTokens: sum.cachedTokens + part.cachedTokens,
      cacheWriteTokens: sum.cacheWriteTokens + part.cacheWriteTokens,
      reasoningTokens: sum.reasoningTokens + part.reasoningTokens,
      source: part.source === "estimated" ? "estimated" : sum.source,
    }),
    NO_USAGE,
  );
}

/** The usage with its missing total, if any, taken from an estimate. */
export function completeUsage(usage: TokenUsage, estimate: TokenUsage): TokenUsage {
  const { missing, ...known } = usage;
  if (missing === undefined) return usage;
  const total = missing === "prompt" ? "promptTokens" : "completionTokens";
  return { ...known, [total]: Math.max(known[total], estimate[total]) };
}
