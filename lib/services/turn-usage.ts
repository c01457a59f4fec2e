import type { TokenUsage } from "#lib/chat/usage.ts";
import type { EngineUsage } from "#lib/providers/chat-run.ts";
import type { PriceBook } from "#lib/providers/cost.ts";

/** What a turn used, over all engines that had a part in its answer. */
export type TurnUsage = {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  /** USD; undefined when one of the engines bills at a price nobody knows. */
  costUsd: number | undefined;
  /** `estimated` when any part is. */
  source: TokenUsage["source"];
};

/** Adds the attempts up, each at its own engine's price. */
export function summarizeUsage(usages: readonly EngineUsage[], prices: PriceBook): TurnUsage {
  const total: TurnUsage = {
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    costUsd: 0,
    source: "exact",
  };
  for (const { engine, usage } of usages) {
    total.promptTokens += usage.promptTokens;
    total.completionTokens += usage.completionTokens;
    total.cachedTokens += usage.cachedTokens;
    const cost = prices.costUsd(engine, usage);
    total.costUsd = total.costUsd === undefined || cost === undefined ? undefined : total.costUsd + cost;
    if (usage.source === "estimated") total.source = "estimated";
  }
  return total;
}
