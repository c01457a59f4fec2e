import { createPriceBook, type PriceBook } from "#lib/providers/cost.ts";
import type { LibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { NO_OVERRIDES, type PriceOverrides } from "#lib/providers/prices/price-overrides.ts";
import type { Prices } from "#lib/services/ledger/prices.ts";

export type LivePricesOptions = {
  loadLibrary(): Promise<LibraryPrices>;
  /** The library cannot be loaded: what it alone prices is unknown. It is tried again a minute later. */
  onLoadError(error: unknown): void;
  /** Wall clock, epoch milliseconds. */
  wallNow: () => number;
  overrides?: PriceOverrides;
};

const RETRY_MS = 60_000;

/** The prices of this process. The overrides can be replaced while it runs. */
export class LivePrices implements Prices {
  readonly #options: LivePricesOptions;
  #overrides: PriceOverrides;
  #library: LibraryPrices | undefined;
  #loading: Promise<void> | undefined;
  /** After a failure it is not tried again before; epoch milliseconds. */
  #retryAt = Number.NEGATIVE_INFINITY;
  #book: PriceBook;

  constructor(options: LivePricesOptions) {
    this.#options = options;
    this.#overrides = options.overrides ?? NO_OVERRIDES;
    this.#book = this.#newBook();
  }

  get current(): PriceBook {
    return this.#book;
  }

  async whole(): Promise<PriceBook> {
    if (this.#library === undefined && this.#options.wallNow() >= this.#retryAt) {
      this.#loading ??= this.#load();
      await this.#loading;
    }
    return this.#book;
  }

  /** The operator has changed `PRICES_CONFIG`. Calls that are priced from now on have the new prices. */
  replaceOverrides(overrides: PriceOverrides): void {
    this.#overrides = overrides;
    this.#book = this.#newBook();
  }

  async #load(): Promise<void> {
    try {
      this.#library = await this.#options.loadLibrary();
      this.#book = this.#newBook();
    } catch (error) {
      this.#retryAt = this.#options.wallNow() + RETRY_MS;
      this.#options.onLoadError(error);
    } finally {
      this.#loading = undefined;
    }
  }

  #newBook(): PriceBook {
    const { wallNow } = this.#options;
    return createPriceBook({ library: this.#library, overrides: this.#overrides, wallNow });
  }
}
