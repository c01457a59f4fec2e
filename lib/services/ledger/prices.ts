import type { PriceBook } from "#lib/providers/cost.ts";

/** The prices of this process; the operator may change them while it runs. */
export type Prices = {
  /** What is known at once: without the price library, as long as nobody has waited for it. */
  readonly current: PriceBook;
  /** All prices. The first call loads the library. Never rejects: without the library, what it alone prices is unknown. */
  whole(): Promise<PriceBook>;
};
