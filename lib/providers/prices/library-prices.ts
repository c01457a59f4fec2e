import type { Price, Rates } from "#lib/providers/prices/price.ts";
import { memoized } from "#lib/shared/memo.ts";

/** The price library that is installed, and when it was published. A test compares the version with the package's. */
export const PRICE_LIBRARY = {
  name: "@pydantic/genai-prices",
  version: "0.1.8",
  asOf: "2026-09-23",
} as const;

/** The price of a model at a moment; undefined if the library has none. */
export type LibraryPrices = (providerId: string, model: string, at: number) => Price | undefined;

/** The library is too large to load at start. Its updater is not used, so it calls nobody. */
export async function loadLibraryPrices(): Promise<LibraryPrices> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  return libraryPrices(calcPrice);
}

type CalcPrice = typeof import("@pydantic/genai-prices").calcPrice;
type ModelPrice = NonNullable<ReturnType<CalcPrice>>["model_price"];

/** `dated`: the price depends on the date or the time of day. `unknown` is remembered too. */
type KnownPrice = Price | "dated" | "unknown";

/** Clients choose some of the model names, so the number remembered is bounded. */
const MAX_REMEMBERED = 2_000;
const MINUTE_MS = 60_000;

function libraryPrices(calcPrice: CalcPrice): LibraryPrices {
  // A look-up in the library takes as long as decoding a whole answer.
  const find = (id: string, at?: number) => {
    const slash = id.indexOf("/");
    const timestamp = at === undefined ? {} : { timestamp: new Date(at) };
    return calcPrice({}, id.slice(slash + 1), { providerId: id.slice(0, slash), ...timestamp });
  };
  const known = memoized((id: string): KnownPrice => {
    const found = find(id);
    if (found === null) return "unknown";
    return Array.isArray(found.model.prices) ? "dated" : (priceFrom(found.model_price) ?? "unknown");
  }, MAX_REMEMBERED);
  const dated = memoized((key: string): Price | "unknown" => {
    const space = key.indexOf(" ");
    const found = find(key.slice(space + 1), Number(key.slice(0, space)) * MINUTE_MS);
    return (found === null ? undefined : priceFrom(found.model_price)) ?? "unknown";
  }, MAX_REMEMBERED);
  return (providerId, model, at) => {
    const id = `${providerId}/${model}`;
    const price = known(id);
    const found = price === "dated" ? dated(`${Math.floor(at / MINUTE_MS)} ${id}`) : price;
    return found === "unknown" ? undefined : found;
  };
}

const RATES = {
  input: "input_mtok",
  output: "output_mtok",
  cachedInput: "cache_read_mtok",
  cacheWrite: "cache_write_mtok",
  cacheWriteHour: "cache_write_1h_mtok",
  audioInput: "input_audio_mtok",
  audioOutput: "output_audio_mtok",
  reasoning: "output_reasoning_mtok",
} as const satisfies Record<keyof Rates, string>;

/**
 * Undefined if the model has no price of tokens but others: it is billed by pages, by minutes or by requests. One
 * without any price is free.
 */
function priceFrom(prices: ModelPrice): Price | undefined {
  const isByTokens = prices["input_mtok"] !== undefined || prices["output_mtok"] !== undefined;
  if (!isByTokens && Object.values(prices).some((one) => one !== undefined)) return undefined;
  const borders = Object.values(RATES).flatMap((key) => {
    const price = prices[key];
    return typeof price === "object" ? price.tiers.map(({ start }) => start) : [];
  });
  const price: Price = ratesAt(prices, Number.NEGATIVE_INFINITY);
  const starts = [...new Set(borders)].sort((a, b) => a - b);
  if (starts.length > 0) price.longPrompts = starts.map((above) => ({ ...ratesAt(prices, above), above }));
  const searches = prices["web_searches_kcount"];
  if (typeof searches === "number") price.webSearches = searches;
  return price;
}

/** The rates of prompts with more tokens than `above`, up to the next border. */
function ratesAt(prices: ModelPrice, above: number): Rates {
  const rates: Rates = { input: 0, output: 0 };
  for (const [name, key] of Object.entries(RATES) as [keyof Rates, string][]) {
    const price = prices[key];
    if (price === undefined) continue;
    rates[name] =
      typeof price === "number"
        ? price
        : (price.tiers.findLast(({ start }) => start <= above)?.price ?? price.base);
  }
  return rates;
}
