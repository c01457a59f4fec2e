import { estimatedUsage } from "#lib/chat/usage.ts";
import { isPaid, type PriceBook } from "#lib/providers/cost.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** The output of a model whose ceiling is not known, in tokens. */
const DEFAULT_MAX_OUTPUT_TOKENS = 131_072;

/**
 * An upper estimate of what a request costs, in USD: the most that one call of the dearest of its engines can cost.
 * Undefined if an engine bills at an unknown price.
 */
export function estimateMaxCostUsd(
  engines: readonly Engine[],
  { promptTokens, maxOutputTokens }: { promptTokens: number; maxOutputTokens?: number | undefined },
  prices: PriceBook,
): number | undefined {
  let dearest = 0;
  for (const engine of engines) {
    if (!isPaid(engine) && engine.provider.reportsCost !== true) continue;
    const output = Math.min(maxOutputTokens ?? Number.POSITIVE_INFINITY, engine.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS);
    const usage = { ...estimatedUsage(promptTokens, output), cacheWriteTokens: promptTokens };
    const usd = prices.listPriceUsd(engine, usage);
    if (usd === undefined) return undefined;
    dearest = Math.max(dearest, usd);
  }
  return dearest;
}
