import type { TokenCounts, TokenUsage } from "#lib/chat/usage.ts";

/** USD per million tokens. A price that is absent is that of plain input, or of plain output. */
export type Rates = {
  input: number;
  output: number;
  /** Prompt tokens that were read from the provider's cache. */
  cachedInput?: number;
  /** Prompt tokens that were written to it: for five minutes, or for as long as the provider keeps them. */
  cacheWrite?: number;
  /** Prompt tokens that were written to it for an hour (Anthropic); absent: twice plain input, if writes cost extra. */
  cacheWriteHour?: number;
  audioInput?: number;
  audioOutput?: number;
  /** Reasoning, where it has a price of its own. */
  reasoning?: number;
};

/** What of a call is counted in images, and in seconds of sound. */
export type MediaCounts = Pick<TokenUsage, "images" | "audioSeconds">;

/** The prices of one model. */
export type Price = Rates & {
  /**
   * Other prices for longer prompts, the longest last: they hold for the whole request if its prompt has more
   * tokens than `above`.
   */
  longPrompts?: readonly (Rates & { above: number })[];
  /** USD for an image that is made, and for a minute of sound that is heard or spoken, beside the tokens. */
  image?: number;
  audioMinute?: number;
  /** USD for a thousand searches by the provider's own tool, where its usage counts them. */
  webSearches?: number;
};

const MILLION = 1_000_000;
/** An hour in Anthropic's cache costs this many prices of plain input. */
const HOUR_WRITE = 2;

/** The cost of a call at this price, in USD. */
export function costAt(price: Price, usage: TokenUsage): number {
  const runs: readonly TokenCounts[] = [usage, ...(usage.compactions ?? [])];
  const tokens = runs.reduce((sum, run) => sum + tokenCostAt(price, run), 0);
  return (
    tokens / MILLION + mediaCostAt(price, usage) + (searchesOf(usage) * (price.webSearches ?? 0)) / 1_000
  );
}

/** USD of what has a price by the piece or by the minute. */
function mediaCostAt(
  { image = 0, audioMinute = 0 }: Price,
  { images = 0, audioSeconds = 0 }: MediaCounts,
): number {
  return images * image + (audioSeconds / 60) * audioMinute;
}

/** USD of a million such runs. */
function tokenCostAt(price: Price, usage: TokenCounts): number {
  const rates = ratesFor(price, usage.promptTokens);
  const { cached, written, writtenHour } = cacheParts(usage);
  const uncached = usage.promptTokens - cached - written;
  const heard = Math.min(usage.audioPromptTokens ?? 0, uncached);
  const spoken = Math.min(usage.audioCompletionTokens ?? 0, usage.completionTokens);
  const reasoned = Math.min(usage.reasoningTokens, usage.completionTokens - spoken);
  return (
    (uncached - heard) * rates.input +
    heard * (rates.audioInput ?? rates.input) +
    cached * (rates.cachedInput ?? rates.input) +
    (written - writtenHour) * (rates.cacheWrite ?? rates.input) +
    writtenHour * hourWrite(rates) +
    (usage.completionTokens - spoken - reasoned) * rates.output +
    spoken * (rates.audioOutput ?? rates.output) +
    reasoned * (rates.reasoning ?? rates.output)
  );
}

/**
 * The most that a call can cost at this price, in USD, with at most so many tokens. Searches of the provider's own
 * tools are not in it: nobody knows their number before.
 */
export function maxCostAt(
  price: Price,
  promptTokens: number,
  completionTokens: number,
  media: MediaCounts = {},
): number {
  const reachable = [price, ...(price.longPrompts ?? []).filter(({ above }) => promptTokens > above)];
  const perPrompt = Math.max(...reachable.map(dearestInput));
  const perAnswer = Math.max(...reachable.map(dearestOutput));
  const tokens = (promptTokens * perPrompt + completionTokens * perAnswer) / MILLION;
  return tokens + mediaCostAt(price, media);
}

function ratesFor(price: Price, promptTokens: number): Rates {
  return price.longPrompts?.findLast(({ above }) => promptTokens > above) ?? price;
}

function dearestInput(rates: Rates): number {
  const { input, cachedInput = 0, cacheWrite = 0, audioInput = 0 } = rates;
  return Math.max(input, cachedInput, cacheWrite, audioInput, hourWrite(rates));
}

function dearestOutput({ output, audioOutput = 0, reasoning = 0 }: Rates): number {
  return Math.max(output, audioOutput, reasoning);
}

function hourWrite({ input, cacheWrite, cacheWriteHour }: Rates): number {
  return cacheWriteHour ?? (cacheWrite === undefined ? input : input * HOUR_WRITE);
}

/** The cached parts of the prompt, which together are not more than it, whatever the provider says. */
function cacheParts(usage: TokenCounts): { cached: number; written: number; writtenHour: number } {
  const written = Math.min(usage.cacheWriteTokens, usage.promptTokens);
  const writtenHour = Math.min(usage.cacheWriteHourTokens ?? 0, written);
  return { written, writtenHour, cached: Math.min(usage.cachedTokens, usage.promptTokens - written) };
}

/** The searches that Anthropic bills; fetching a page costs tokens alone. */
function searchesOf({ serverToolUse }: TokenUsage): number {
  const count = serverToolUse?.["web_search_requests"];
  return typeof count === "number" && count > 0 && count <= MAX_SEARCHES ? count : 0;
}

/** More searches of one call are taken for a provider's mistake. */
const MAX_SEARCHES = 1_000;
