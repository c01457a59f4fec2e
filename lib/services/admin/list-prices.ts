import type { AdminHealth, CostPeriod } from "#lib/apis/native/admin-health-answer-schema.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { PriceBook, PricedEngine } from "#lib/providers/cost.ts";
import type {
  PartlyValuedCosts,
  PartlyValuedPeriod,
  UnvaluedCalls,
} from "#lib/services/admin/ledger-statistics.ts";

export type ListPriceSources = {
  prices(): Promise<PriceBook>;
  /** Undefined if the provider is not configured. */
  engineOf(provider: string, model: string): PricedEngine | undefined;
};

export type Costs = NonNullable<AdminHealth["cost"]>;

/**
 * Adds list prices where the ledger has none: of rows from before it kept them, and of rows that were inserted by
 * hand. They are today's prices, and lengths of prompts are averages. The price library is loaded only if it is
 * needed.
 */
export async function valueAtListPrice(
  { currency, today, last7Days, last30Days }: PartlyValuedCosts,
  sources: ListPriceSources,
): Promise<Costs> {
  const isNeeded = last30Days.models.some(({ unvalued }) => unvalued.length > 0);
  const prices = isNeeded ? await sources.prices() : undefined;
  const valued = (period: PartlyValuedPeriod): CostPeriod => valuePeriod(period, prices, sources);
  return { currency, today: valued(today), last7Days: valued(last7Days), last30Days: valued(last30Days) };
}

function valuePeriod(
  period: PartlyValuedPeriod,
  prices: PriceBook | undefined,
  sources: ListPriceSources,
): CostPeriod {
  let { cachedSavings, freeTierValue } = period;
  const models = period.models.map(({ unvalued, ...model }) => {
    const engine = sources.engineOf(model.provider, model.model);
    let { listUsd, cachedSavingsUsd } = model;
    for (const calls of unvalued) {
      const { list, savings } = priceOf(calls, engine, prices);
      listUsd += list;
      cachedSavingsUsd += savings;
      cachedSavings += savings;
      if (!calls.billed) freeTierValue += list;
    }
    return { ...model, listUsd: tidy(listUsd), cachedSavingsUsd: tidy(cachedSavingsUsd) };
  });
  return { ...period, cachedSavings: tidy(cachedSavings), freeTierValue: tidy(freeTierValue), models };
}

/** Zeros if the price is unknown. Where nothing is billed, nothing is saved. */
function priceOf(
  { billed, calls, ...tokens }: UnvaluedCalls,
  engine: PricedEngine | undefined,
  prices: PriceBook | undefined,
): { list: number; savings: number } {
  if (engine === undefined || prices === undefined || calls <= 0) return { list: 0, savings: 0 };
  const usage: TokenUsage = {
    promptTokens: tokens.promptTokens / calls,
    cachedTokens: tokens.cachedTokens / calls,
    cacheWriteTokens: tokens.cacheWriteTokens / calls,
    completionTokens: tokens.completionTokens / calls,
    reasoningTokens: 0,
    source: "estimated",
  };
  const list = prices.listPriceUsd(engine, usage);
  if (list === undefined) return { list: 0, savings: 0 };
  const plain = prices.listPriceUsd(engine, { ...usage, cachedTokens: 0, cacheWriteTokens: 0 }) ?? list;
  return { list: list * calls, savings: billed ? (plain - list) * calls : 0 };
}

/** Without what floating point adds: to a billionth of a dollar. */
function tidy(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
