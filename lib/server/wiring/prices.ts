import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { NO_OVERRIDES, type PriceOverrides } from "#lib/providers/prices/price-overrides.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import type { Env } from "#lib/server/env/env.ts";
import { type ConfigText, readConfigText } from "#lib/server/wiring/configuration/config-text.ts";
import { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type PriceParts = { overrides: PriceOverrides; clock: Clock; logger: Logger };

/** The operator's prices. Throws `not_configured`, naming the variable and the line that is wrong. */
export async function loadPriceOverrides({
  PRICES_CONFIG,
}: Pick<Env, "PRICES_CONFIG">): Promise<PriceOverrides> {
  return overridesOf(await readConfigText("PRICES_CONFIG", PRICES_CONFIG));
}

/** The same with a `PRICES_CONFIG` that has been read already. */
export async function overridesOf(config: ConfigText): Promise<PriceOverrides> {
  switch (config.kind) {
    case "built-in":
      return NO_OVERRIDES;
    case "inline":
      return parsePricesConfig(config.text, "PRICES_CONFIG");
    case "file":
      return parsePricesConfig(config.text, `PRICES_CONFIG (${config.path})`);
  }
}

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
