import type { TokenUsage } from "#lib/chat/usage.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { memoized } from "#lib/shared/memo.ts";

/** USD per million tokens. */
type Price = { input: number; output: number; cachedInput?: number; cacheWrite?: number };

/**
 * Models that bill by default wherever they are served, with the prices that hold where the price
 * library has another or none. Sources: the providers' price pages, mid-2026; docs/decisions/0005.
 */
const PAID_MODELS: Readonly<Record<string, Price>> = {
  "claude-opus-4-7": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25 },
  "gpt-5.5": { input: 5, output: 30, cachedInput: 0.5 },
  "gemini-3.5-pro": { input: 2.5, output: 10, cachedInput: 0.25 },
  "codestral-latest": { input: 0.3, output: 0.9 },
};

/** Names of the models that bill by default wherever they are served. */
export const PAID_MODEL_NAMES: readonly string[] = Object.keys(PAID_MODELS);

/** What the gateway needs of an engine to price it. */
export type PricedEngine = Pick<Engine, "provider" | "model" | "paid">;

export type PriceBook = {
  /**
   * What an attempt cost, in USD: 0 on a free tier, the provider's own figure where it gives one.
   * Undefined when the engine bills and nobody knows its price: unknown is not zero.
   */
  costUsd(engine: PricedEngine, usage: TokenUsage): number | undefined;
  /** What the tokens would cost at list price, whether they are billed or not; undefined when unknown. */
  listPriceUsd(engine: PricedEngine, usage: TokenUsage): number | undefined;
};

/** Knows no price: what costs nothing still costs nothing. */
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

/** Ends of a call after which its provider may have worked on it, and bill it. */
const MAYBE_BILLED: ReadonlySet<FailureKind> = new Set([
  "timeout",
  "truncated",
  "no_answer",
  "bad_response",
  "reset",
]);

/**
 * Whether a call that gave no answer may be billed all the same: its engine bills, had the request and did
 * not refuse it. Without a failure, it was the client who left.
 */
export function mayBeBilled(engine: PricedEngine, failure: Failure | undefined): boolean {
  if (!isPaid(engine)) return false;
  // A status of its own is an error that was told: those bill nothing.
  return failure === undefined || (failure.status === undefined && MAYBE_BILLED.has(failure.kind));
}

function ownPrice(model: string): Price | undefined {
  const name = bareModelName(model);
  return Object.hasOwn(PAID_MODELS, name) ? PAID_MODELS[name] : undefined;
}

type CalcPrice = typeof import("@pydantic/genai-prices").calcPrice;
type LibraryPrice = NonNullable<ReturnType<CalcPrice>>;

/**
 * What the library knows of a model: its price, if that is so much a token whenever it is asked; `varying`, if
 * it depends on the length of the prompt or on the date; `unknown`, which is worth remembering too.
 */
type KnownPrice = Price | "varying" | "unknown";

/** Model names come from clients too: what is remembered of them is bounded. */
const MAX_REMEMBERED = 2_000;

function createPriceBook(calcPrice: CalcPrice): PriceBook {
  // Looking a price up costs the library as much as decoding the answer that it is for.
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
    const { cached, written } = cacheParts(usage);
    const counted = {
      input_tokens: usage.promptTokens,
      cache_read_tokens: cached,
      cache_write_tokens: written,
      output_tokens: usage.completionTokens,
    };
    return calcPrice(counted, engine.model, { providerId })?.total_price;
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
  // Several prices of one model are for different dates or times of day.
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

/** Parts of the prompt, and never more than it: the price library throws on a whole that is less than its parts. */
function cacheParts(usage: TokenUsage): { cached: number; written: number } {
  const written = Math.min(usage.cacheWriteTokens, usage.promptTokens);
  return { written, cached: Math.min(usage.cachedTokens, usage.promptTokens - written) };
}

function priceOf(price: Price, usage: TokenUsage): number {
  const { cached, written } = cacheParts(usage);
  const plain = usage.promptTokens - cached - written;
  const perMillion =
    plain * price.input +
    cached * (price.cachedInput ?? price.input) +
    written * (price.cacheWrite ?? price.input) +
    usage.completionTokens * price.output;
  return perMillion / 1_000_000;
}
