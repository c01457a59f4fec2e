import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { type LibraryPrices, PRICE_LIBRARY } from "#lib/providers/prices/library-prices.ts";
import { MEDIA_PRICES_AS_OF, mediaPrice } from "#lib/providers/prices/media-prices.ts";
import { OWN_PRICES_AS_OF, ownPrice, PAID_MODEL_NAMES } from "#lib/providers/prices/own-prices.ts";
import { costAt, type Price } from "#lib/providers/prices/price.ts";
import {
  billedNames,
  NO_OVERRIDES,
  overrideFor,
  type PriceOverrides,
} from "#lib/providers/prices/price-overrides.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** What is needed of an engine to price its usage. */
export type PricedEngine = Pick<Engine, "provider" | "model" | "paid">;

/** A price, and where it comes from. */
export type PriceOrigin = {
  price: Price;
  /** `config`: from `PRICES_CONFIG`; `own`: from the gateway's own table; `library`: from the price library. */
  source: "config" | "own" | "library";
  /** The day of the price, `YYYY-MM-DD`. */
  asOf?: string;
};

/** What a price book rests on. */
export type PriceBookFacts = {
  /** The price library; `isLoaded` is false until it is needed, and if it cannot be loaded. */
  library: typeof PRICE_LIBRARY & { isLoaded: boolean };
  /** How many models the operator has priced. */
  overrides: number;
};

/** Prices. `at`: when a call was made, epoch milliseconds; now if it is left out. */
export type PriceBook = {
  readonly facts: PriceBookFacts;
  /** What bills wherever it is served, and what the operator has priced: names of models, or `provider/model`. */
  readonly billedNames: readonly string[];
  /** Whether the engine bills: by default, by configuration, or because the operator has priced it. */
  isPaid(engine: PricedEngine): boolean;
  /** The list price of an engine, whether it is billed or not; undefined when unknown. */
  priceOf(engine: PricedEngine, at?: number): PriceOrigin | undefined;
  /**
   * The cost of a call, in USD: the provider's own figure if it reports one, 0 on a free tier.
   * Undefined when the engine bills at an unknown price: unknown is not zero.
   */
  costUsd(engine: PricedEngine, usage: TokenUsage, at?: number): number | undefined;
  /** The cost at list price, in USD, whether it is billed or not; undefined when unknown. */
  listPriceUsd(engine: PricedEngine, usage: TokenUsage, at?: number): number | undefined;
};

export type PriceBookParts = {
  /** Undefined while it is not loaded. */
  library?: LibraryPrices | undefined;
  overrides?: PriceOverrides;
  /** Wall clock, epoch milliseconds: some prices depend on the date. */
  wallNow: () => number;
};

/** The price book: the operator's price of an engine, else our own, else the library's. */
export function createPriceBook({ library, overrides = NO_OVERRIDES, wallNow }: PriceBookParts): PriceBook {
  const isPaidHere = (engine: PricedEngine): boolean => {
    const override = overrideFor(overrides, engine);
    return override === undefined ? isPaid(engine) : !override.isFree;
  };
  const priceOf: PriceBook["priceOf"] = (engine, at) => {
    const override = overrideFor(overrides, engine);
    if (override?.price !== undefined) {
      const { price, asOf } = override;
      return asOf === undefined ? { price, source: "config" } : { price, source: "config", asOf };
    }
    const own = ownPrice(engine.model);
    if (own !== undefined) return { price: own, source: "own", asOf: OWN_PRICES_AS_OF };
    const media = mediaPrice(engine.provider.id, engine.model);
    if (media !== undefined) return { price: media, source: "own", asOf: MEDIA_PRICES_AS_OF };
    const { pricedAs } = engine.provider;
    const price = pricedAs === undefined ? undefined : library?.(pricedAs, engine.model, at ?? wallNow());
    return price && { price, source: "library", asOf: PRICE_LIBRARY.asOf };
  };
  const listPriceUsd: PriceBook["listPriceUsd"] = (engine, usage, at) => {
    const found = priceOf(engine, at);
    return found && costAt(found.price, usage);
  };
  return {
    facts: {
      library: { ...PRICE_LIBRARY, isLoaded: library !== undefined },
      overrides: new Set([...overrides.engines.values(), ...overrides.models.values()]).size,
    },
    billedNames: billedNames(PAID_MODEL_NAMES, overrides),
    isPaid: isPaidHere,
    priceOf,
    listPriceUsd,
    costUsd(engine, usage, at) {
      if (usage.reportedCostUsd !== undefined) return usage.reportedCostUsd;
      return isPaidHere(engine) ? listPriceUsd(engine, usage, at) : 0;
    },
  };
}

/**
 * Whether an engine bills, unless the operator has said otherwise in `PRICES_CONFIG`. One that reports its costs
 * does, unless its name says `free`: of a call that broke off before its end it reports none, and bills it.
 */
export function isPaid({ provider, model, paid }: PricedEngine): boolean {
  if (paid || ownPrice(model) !== undefined) return true;
  return provider.reportsCost === true && !model.endsWith(":free");
}

/** Whether a call is billed: the provider reports that it took something, or it reports nothing and bills. */
export function isBilled(prices: PriceBook, engine: PricedEngine, { reportedCostUsd }: TokenUsage): boolean {
  return reportedCostUsd === undefined ? prices.isPaid(engine) : reportedCostUsd > 0;
}

/**
 * What the prompt cache saved at list price, in USD: what the same tokens would have cost as plain input, less what
 * they did. Negative if writing to the cache cost more than reading from it saved; undefined when unknown.
 */
export function cacheSavingsUsd(
  prices: PriceBook,
  engine: PricedEngine,
  usage: TokenUsage,
  at?: number,
): number | undefined {
  if (usage.cachedTokens === 0 && usage.cacheWriteTokens === 0) return 0;
  const { cacheWriteHourTokens: _, ...counts } = usage;
  const plain = prices.listPriceUsd(engine, { ...counts, cachedTokens: 0, cacheWriteTokens: 0 }, at);
  const actual = prices.listPriceUsd(engine, usage, at);
  return plain === undefined || actual === undefined ? undefined : plain - actual;
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
 * Whether a call without an answer may still be billed by an engine that bills: it received the request without
 * refusing it. Without a failure, the client disconnected.
 */
export function mayBeBilled(failure: Failure | undefined): boolean {
  // Errors with an HTTP status are not billed.
  return failure === undefined || (failure.status === undefined && MAYBE_BILLED.has(failure.kind));
}
