import type { Configuration } from "#lib/server/wiring/configuration/configuration.ts";
import type { HealthBlock } from "#lib/services/admin/health-blocks.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { DailyModelCheck } from "#lib/services/model-check/daily-check.ts";
import type { Lazy } from "#lib/shared/lazy.ts";

/** What the blocks are read from. A part that fills one adds itself here, as a function if it is made lazily. */
export type HealthBlockSources = {
  configuration(): Configuration;
  prices: LivePrices;
  modelCheck: Lazy<DailyModelCheck>;
};

/** The blocks of the health answer that other parts of the gateway fill: a row each. */
export function createHealthBlocks(sources: HealthBlockSources): readonly HealthBlock[] {
  const { configuration, prices, modelCheck } = sources;
  return [
    { name: "configuration", read: () => configuration().report() },
    { name: "prices", read: () => prices.current.facts },
    { name: "models", read: () => modelCheck.value.block() },
  ];
}
