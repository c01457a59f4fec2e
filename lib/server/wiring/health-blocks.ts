import type { Configuration } from "#lib/server/wiring/configuration/configuration.ts";
import type { Shared } from "#lib/server/wiring/shared-state.ts";
import type { HealthBlock } from "#lib/services/admin/health-blocks.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { DailyModelCheck } from "#lib/services/model-check/daily-check.ts";
import { overridesBlock } from "#lib/services/overrides/overrides-block.ts";
import { instancesBlock } from "#lib/services/shared-state/instances-block.ts";
import type { Lazy } from "#lib/shared/lazy.ts";

/** What the blocks are read from. A part that fills one adds itself here, as a function if it is made lazily. */
export type HealthBlockSources = {
  configuration(): Configuration;
  prices: LivePrices;
  modelCheck: Lazy<DailyModelCheck>;
  shared: Lazy<Shared>;
};

/** The blocks of the health answer that other parts of the gateway fill: a row each. */
export function createHealthBlocks(sources: HealthBlockSources): readonly HealthBlock[] {
  const { configuration, prices, modelCheck, shared } = sources;
  return [
    { name: "configuration", read: () => configuration().report() },
    { name: "prices", read: () => prices.current.facts },
    { name: "models", read: () => modelCheck.value.block() },
    {
      name: "overrides",
      read: async () => ({ active: (await overridesBlock(shared.value.overrides)).overrides }),
    },
    { name: "instances", read: () => instancesOf(shared.value) },
  ];
}

function instancesOf({ state }: Shared): Promise<object> | object {
  return state === undefined
    ? { note: "Instances share nothing without a service role key." }
    : instancesBlock(state);
}
