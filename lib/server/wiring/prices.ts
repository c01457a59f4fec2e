import { readFile } from "node:fs/promises";
import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { NO_OVERRIDES, type PriceOverrides } from "#lib/providers/prices/price-overrides.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import type { Env } from "#lib/server/env/env.ts";
import { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type PriceParts = { overrides: PriceOverrides; clock: Clock; logger: Logger };

/** The operator's prices. Throws `not_configured`, naming the variable and the line that is wrong. */
export async function loadPriceOverrides({
  PRICES_CONFIG: config,
}: Pick<Env, "PRICES_CONFIG">): Promise<PriceOverrides> {
  if (config === undefined) return NO_OVERRIDES;
  if (config.startsWith("{") || config.includes("\n")) return parsePricesConfig(config, "PRICES_CONFIG");
  const text = await readFile(config, "utf8").catch((error: unknown) => {
    throw new GatewayError("not_configured", `PRICES_CONFIG names "${config}", which cannot be read.`, {
      cause: error,
    });
  });
  return parsePricesConfig(text, `PRICES_CONFIG (${config})`);
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
