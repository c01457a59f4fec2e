import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import type { EngineUsage } from "#lib/providers/chat/run.ts";
import type { PriceBook } from "#lib/providers/cost.ts";

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
