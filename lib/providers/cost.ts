import type { TokenUsage } from "#lib/chat/usage.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { memoized } from "#lib/shared/memo.ts";

/** USD per million tokens. */
type Price = { input: number; output: number; cachedInput?: number; cacheWrite?: number };

/**
 * Models that are billed by default at every provider. These prices override the price library. Sources: the
 * providers' price pages, mid-2026; docs/decisions/0005.
 */
const PAID_MODELS: Readonly<Record<string, Price>> = {
  "claude-opus-4-7": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25 },
  "gpt-5.5": { input: 5, output: 30, cachedInput: 0.5 },
  "gemini-3.5-pro": { input: 2.5, output: 10, cachedInput: 0.25 },
  "codestral-latest": { input: 0.3, output: 0.9 },
};

/**
 * The price of a cache write, in prices of plain input: kept for five minutes, and for an hour. Only Anthropic
 * reports the two apart.
 */
const SHORT_WRITE = 1.25;
const HOUR_WRITE = 2;

/** Names of the models that are billed by default at every provider. */
export const PAID_MODEL_NAMES: readonly string[] = Object.keys(PAID_MODELS);

/** What is needed of an engine to price its usage. */
export type PricedEngine = Pick<Engine, "provider" | "model" | "paid">;

export type PriceBook = {
  /**
   * The cost of an attempt, in USD: the provider's own figure if it reports one, 0 on a free tier.
   * Undefined when the engine bills at an unknown price: unknown is not zero.
   */
  costUsd(engine: PricedEngine, usage: TokenUsage): number | undefined;
  /** The cost at list price, in USD, whether it is billed or not; undefined when unknown. */
  listPriceUsd(engine: PricedEngine, usage: TokenUsage): number | undefined;
};

/** Whether the attempt is billed: by an engine that bills, or because the provider reports what it took. */
export function isBilled(engine: PricedEngine, usage: TokenUsage): boolean {
  return isPaid(engine) || (usage.reportedCostUsd ?? 0) > 0;
}

/**
 * What the prompt cache saved at list price, in USD: what the same tokens would have cost as plain input, less what
 * they did. Negative if writing to the cache cost more than reading from it saved; undefined when unknown.
 */
export function cacheSavingsUsd(
  prices: PriceBook,
  engine: PricedEngine,
  usage: TokenUsage,
): number | undefined {
  if (usage.cachedTokens === 0 && usage.cacheWriteTokens === 0) return 0;
  const { cacheWriteHourTokens: _, ...counts } = usage;
  const plain = prices.listPriceUsd(engine, { ...counts, cachedTokens: 0, cacheWriteTokens: 0 });
  const actual = prices.listPriceUsd(engine, usage);
  return plain === undefined || actual === undefined ? undefined : plain - actual;
}

/** A price book without prices; free engines still cost 0. */
export const NO_PRICES: PriceBook = {
  listPriceUsd: () => undefined,
  costUsd: (engine, usage) => usage.reportedCostUsd ?? (isPaid(engine) ? undefined : 0),
};

let loading: Promise<PriceBook> | undefined;

/** The price book; the first call loads the library, which is too large to load at start. */
export function loadPriceBook(): Promise<PriceBook> {
  loading ??= import("@pydantic/genai-prices").then(({ calcPrice }) => createPriceBook(calcPrice));
  return loading;
}

export function isPaid(engine: PricedEngine): boolean {
  return engine.paid || ownPrice(engine.model) !== undefined;
}

/** Failures after which the provider may have worked on the request and may bill it. */
const MAYBE_BILLED: ReadonlySet<FailureKind> = new Set([
  "timeout",
  "truncated",
  "no_answer",
  "bad_response",
  "reset",
]);

/**
 * Whether a call without an answer may still be billed: the engine bills, and received the request without
 * refusing it. Without a failure, the client disconnected.
 */
export function mayBeBilled(engine: PricedEngine, failure: Failure | undefined): boolean {
  if (!isPaid(engine)) return false;
  // Errors with an HTTP status are not billed.
  return failure === undefined || (failure.status === undefined && MAYBE_BILLED.has(failure.kind));
}

function ownPrice(model: string): Price | undefined {
  const name = bareModelName(model);
  return Object.hasOwn(PAID_MODELS, name) ? PAID_MODELS[name] : undefined;
}

type CalcPrice = typeof import("@pydantic/genai-prices").calcPrice;
type LibraryPrice = NonNullable<ReturnType<CalcPrice>>;

/**
 * What the library knows of a model: a fixed price; `varying`, if the price depends on the prompt's length or
 * the date; or `unknown`, which is remembered too.
 */
type KnownPrice = Price | "varying" | "unknown";

/** Clients choose some of the model names, so the number remembered is bounded. */
const MAX_REMEMBERED = 2_000;

function createPriceBook(calcPrice: CalcPrice): PriceBook {
  // A look-up in the library takes as long as decoding the whole answer.
  const known = memoized((id: string): KnownPrice => {
    const at = id.indexOf("/");
    const found = calcPrice({}, id.slice(at + 1), { providerId: id.slice(0, at) });
    return found === null ? "unknown" : fixedPrice(found);
  }, MAX_REMEMBERED);
  const listPriceUsd = (engine: PricedEngine, usage: TokenUsage): number | undefined => {
    const own = ownPrice(engine.model);
    if (own !== undefined) return priceOf(own, usage);
    const providerId = engine.provider.pricedAs;
    if (providerId === undefined) return undefined;
    const price = known(`${providerId}/${engine.model}`);
    if (price === "unknown") return undefined;
    if (price !== "varying") return priceOf(price, usage);
    return varyingPrice(usage, (counts) => calcPrice(counts, engine.model, { providerId })?.total_price);
  };
  return {
    listPriceUsd,
    costUsd(engine, usage) {
      if (usage.reportedCostUsd !== undefined) return usage.reportedCostUsd;
      return isPaid(engine) ? listPriceUsd(engine, usage) : 0;
    },
  };
}

function fixedPrice({ model, model_price: prices }: LibraryPrice): Price | "varying" {
  const { input_mtok: input, output_mtok: output } = prices;
  const { cache_read_mtok: cachedInput, cache_write_mtok: cacheWrite } = prices;
  // A list of prices means that they depend on the date or the time of day.
  if (Array.isArray(model.prices) || typeof input !== "number" || typeof output !== "number")
    return "varying";
  if (typeof cachedInput === "object" || typeof cacheWrite === "object") return "varying";
  return {
    input,
    output,
    ...(cachedInput === undefined ? {} : { cachedInput }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
  };
}

type Counts = Parameters<CalcPrice>[0];

/** A price that depends on the length of the prompt. `priceOfCounts` knows one price of cache writes. */
function varyingPrice(
  usage: TokenUsage,
  priceOfCounts: (counts: Counts) => number | undefined,
): number | undefined {
  const { cached, written, writtenHour } = cacheParts(usage);
  const counts = {
    input_tokens: usage.promptTokens,
    cache_read_tokens: cached,
    cache_write_tokens: written,
    output_tokens: usage.completionTokens,
  };
  const price = priceOfCounts(counts);
  if (price === undefined || writtenHour === 0) return price;
  const plain = priceOfCounts({ ...counts, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 0 });
  const perToken = (plain ?? 0) / usage.promptTokens;
  return price + writtenHour * perToken * (HOUR_WRITE - SHORT_WRITE);
}

/** The cached parts, capped at the prompt: the price library throws if they exceed it. */
function cacheParts(usage: TokenUsage): { cached: number; written: number; writtenHour: number } {
  const written = Math.min(usage.cacheWriteTokens, usage.promptTokens);
  const writtenHour = Math.min(usage.cacheWriteHourTokens ?? 0, written);
  return { written, writtenHour, cached: Math.min(usage.cachedTokens, usage.promptTokens - written) };
}

function priceOf(price: Price, usage: TokenUsage): number {
  const { cached, written, writtenHour } = cacheParts(usage);
  const plain = usage.promptTokens - cached - written;
  const perMillion =
    plain * price.input +
    cached * (price.cachedInput ?? price.input) +
    (written - writtenHour) * (price.cacheWrite ?? price.input) +
    writtenHour * price.input * HOUR_WRITE +
    usage.completionTokens * price.output;
  return perMillion / 1_000_000;
}
