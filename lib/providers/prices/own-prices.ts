import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import type { Price } from "#lib/providers/prices/price.ts";

/** The day on which the prices below were read. */
export const OWN_PRICES_AS_OF = "2026-06-15";

/**
 * Models that are billed by default at every provider. These prices override the price library. Sources: the
 * providers' price pages, mid-2026; docs/decisions/0005.
 */
const PAID_MODELS: Readonly<Record<string, Price>> = {
  "claude-opus-4-7": {
    input: 5,
    output: 25,
    cachedInput: 0.5,
    cacheWrite: 6.25,
    cacheWriteHour: 10,
    webSearches: 10,
  },
  "gpt-5.5": { input: 5, output: 30, cachedInput: 0.5 },
  "gemini-3.5-pro": { input: 2.5, output: 10, cachedInput: 0.25 },
  "codestral-latest": { input: 0.3, output: 0.9 },
};

/** Names of the models that are billed by default at every provider. */
export const PAID_MODEL_NAMES: readonly string[] = Object.keys(PAID_MODELS);

/** Our own price of a model, by its name without a vendor's prefix. */
export function ownPrice(model: string): Price | undefined {
  const name = bareModelName(model);
  return Object.hasOwn(PAID_MODELS, name) ? PAID_MODELS[name] : undefined;
}
