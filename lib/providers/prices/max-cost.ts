import { type MediaCounts, maxCostAt, type Price } from "#lib/providers/prices/price.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** What is needed of an engine to bound the cost of a call. */
export type BoundedEngine = Pick<
  Engine,
  "id" | "provider" | "model" | "paid" | "maxOutputTokens" | "contextTokens"
>;

export type RequestSize = {
  /** Tokens of the prompt, or an upper estimate of them. */
  promptTokens: number;
  /** The request's own cap of an answer, if it has one. */
  maxOutputTokens?: number | undefined;
  /** How many answers it asks for (`n`); one by default. Each may be as long as the cap. */
  answers?: number | undefined;
  /** Images that it makes, sound that is heard or spoken. */
  media?: MediaCounts | undefined;
};

/** The prices that are needed, see `PriceBook`. */
export type BoundingPrices = {
  isPaid(engine: BoundedEngine): boolean;
  priceOf(engine: BoundedEngine): { price: Price } | undefined;
};

/**
 * The output of a model whose ceiling is not known, in tokens: no model of the catalogue without a known ceiling
 * writes more for one request.
 */
const DEFAULT_MAX_OUTPUT_TOKENS = 131_072;

/**
 * An upper estimate of what a request costs, in USD: the most that one call of the dearest of its engines can cost.
 * The prompt counts at the highest price that a part of it can have (cache writes for an hour, for example), the
 * answer, or each of several, at the request's cap or the engine's ceiling, whichever is lower. Free engines cost nothing.
 *
 * Undefined if an engine bills at an unknown price. Not in it: searches of the provider's own tools, and what
 * OpenRouter reports beyond its list price.
 */
export function estimateMaxCostUsd(
  engines: readonly BoundedEngine[],
  { promptTokens, maxOutputTokens, answers = 1, media }: RequestSize,
  prices: BoundingPrices,
): number | undefined {
  let dearest = 0;
  for (const engine of engines) {
    if (!prices.isPaid(engine)) continue;
    const found = prices.priceOf(engine);
    if (found === undefined) return undefined;
    const output = Math.min(maxOutputTokens ?? Number.POSITIVE_INFINITY, outputCeilingOf(engine));
    dearest = Math.max(dearest, maxCostAt(found.price, promptTokens, output * answers, media));
  }
  return dearest;
}

function outputCeilingOf({ maxOutputTokens, contextTokens }: BoundedEngine): number {
  return maxOutputTokens ?? Math.min(contextTokens ?? Number.POSITIVE_INFINITY, DEFAULT_MAX_OUTPUT_TOKENS);
}
