import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import type { Price } from "#lib/providers/prices/price.ts";

/** What an operator says of a model in `PRICES_CONFIG`. */
export type PriceOverride = {
  /** Undefined for a model that is only said to be free. */
  price: Price | undefined;
  /** Nothing is billed: the price is what the free tier is worth. */
  isFree: boolean;
  /** Where the price is from, in the operator's words. */
  source?: string;
  /** The day of the price, `YYYY-MM-DD`. */
  asOf?: string;
};

/** Names in lower case. */
export type PriceOverrides = {
  /** By `provider/model`. */
  engines: ReadonlyMap<string, PriceOverride>;
  /** By model, at every provider. */
  models: ReadonlyMap<string, PriceOverride>;
};

export const NO_OVERRIDES: PriceOverrides = { engines: new Map(), models: new Map() };

/** The override of an engine: that of its provider and model, else that of its model, else of its bare model name. */
export function overrideFor(
  { engines, models }: PriceOverrides,
  { provider, model }: { provider: { id: string }; model: string },
): PriceOverride | undefined {
  if (engines.size === 0 && models.size === 0) return undefined;
  const name = model.toLowerCase();
  return engines.get(`${provider.id}/${name}`) ?? models.get(name) ?? models.get(bareModelName(name));
}

/** The names that are billed: those that are by default, unless the operator says otherwise, and the operator's own. */
export function billedNames(
  byDefault: readonly string[],
  { engines, models }: PriceOverrides,
): readonly string[] {
  const priced = [...models, ...engines].filter(([, { isFree }]) => !isFree).map(([name]) => name);
  return [...new Set([...byDefault.filter((name) => models.get(name)?.isFree !== true), ...priced])];
}
