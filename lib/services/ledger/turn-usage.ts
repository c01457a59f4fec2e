import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import type { EngineUsage } from "#lib/providers/chat/run.ts";
import { cacheSavingsUsd, isBilled, type PriceBook } from "#lib/providers/cost.ts";
import type { AttemptUsage } from "#lib/services/ledger/turn-store.ts";

/** The usage of a turn: totals over all engines that contributed to its answer. */
export type TurnUsage = TokenUsage & {
  /** USD; undefined if a price is unknown. */
  costUsd: number | undefined;
};

/** Adds the attempts up, each at its own engine's price. */
export function summarizeUsage(usages: readonly EngineUsage[], prices: PriceBook): TurnUsage {
  let costUsd: number | undefined = 0;
  for (const { engine, usage } of usages) {
    const cost = prices.costUsd(engine, usage);
    costUsd = costUsd === undefined || cost === undefined ? undefined : costUsd + cost;
  }
  return { ...sumUsage(usages.map(({ usage }) => usage)), costUsd };
}

/** What one attempt used and what that costs. It may have made several calls, all of the same engine. */
export function attemptUsage(usages: readonly EngineUsage[], prices: PriceBook): AttemptUsage | undefined {
  if (usages.length === 0) return undefined;
  const { promptTokens, cachedTokens, cacheWriteTokens, completionTokens, reasoningTokens, source } =
    sumUsage(usages.map(({ usage }) => usage));
  const priced = (price: (used: EngineUsage) => number | undefined): number | null =>
    sumIfKnown(usages.map(price));
  return {
    promptTokens,
    cachedTokens,
    cacheWriteTokens,
    completionTokens,
    reasoningTokens,
    source,
    isBilled: usages.some(bills),
    costUsd: priced(({ engine, usage }) => prices.costUsd(engine, usage)),
    listUsd: priced(({ engine, usage }) => prices.listPriceUsd(engine, usage)),
    // Nothing is saved where nothing is billed.
    cachedSavingsUsd: priced((used) => (bills(used) ? cacheSavingsUsd(prices, used.engine, used.usage) : 0)),
  };
}

/** Tokens of the answer that the client got. */
export function servedTokens(usages: readonly EngineUsage[]): number {
  return usages.reduce((sum, used) => sum + (used.servedTokens ?? 0), 0);
}

/** Tokens, prompts and answers, of the calls that are billed. */
export function billableTokens(usages: readonly EngineUsage[]): number {
  return usages
    .filter(bills)
    .reduce((sum, { usage }) => sum + usage.promptTokens + usage.completionTokens, 0);
}

function bills({ engine, usage }: EngineUsage): boolean {
  return isBilled(engine, usage);
}

/** Null if one of them is unknown. */
function sumIfKnown(parts: readonly (number | undefined)[]): number | null {
  let sum = 0;
  for (const part of parts) {
    if (part === undefined) return null;
    sum += part;
  }
  return sum;
}
