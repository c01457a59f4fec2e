import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import type { PriceOverrides } from "#lib/providers/prices/price-overrides.ts";
import { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type PriceParts = { overrides: PriceOverrides; clock: Clock; logger: Logger };

/** The prices of the process. The price library is loaded when it is first needed, or in the background. */
export function createPrices({ overrides, clock, logger }: PriceParts): LivePrices {
  return new LivePrices({
    loadLibrary: loadLibraryPrices,
    onLoadError: (error) =>
      logger.error("The price library could not be loaded; costs that it alone knows are unknown.", error),
    wallNow: () => clock.wallNow(),
    overrides,
  });
}
