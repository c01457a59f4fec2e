import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { createAdmin } from "#lib/server/wiring/admin.ts";
import type { Configuration } from "#lib/server/wiring/configuration/configuration.ts";
import type { createHealthBlocks } from "#lib/server/wiring/health-blocks.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import type { createLedgerMaintenance } from "#lib/server/wiring/ledger-maintenance.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import type { createModelCheck } from "#lib/server/wiring/model-check.ts";
import { engineSourceOf } from "#lib/server/wiring/providers.ts";
import type { createShared } from "#lib/server/wiring/shared-state.ts";
import type { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { derived, type Lazy, lazy } from "#lib/shared/lazy.ts";

type OperatorMakers = {
  createAdmin: typeof createAdmin;
  createHealthBlocks: typeof createHealthBlocks;
  createLedgerMaintenance: typeof createLedgerMaintenance;
  createModelCheck: typeof createModelCheck;
  createShared: typeof createShared;
};

export type OperatorSources = {
  env: Env;
  live: LiveProviders;
  prices: LivePrices;
  configuration(): Configuration;
  clock: Clock;
  logger: Logger;
  callParts: Lazy<{ registry: Registry; engines: EngineDependencies }>;
  ledger: Lazy<LedgerPart>;
  health: Lazy<EngineHealth>;
  alarms: Lazy<AccountAlarms>;
  /** What the gateway calls engines with of its own accord. */
  calls(): Parameters<typeof createModelCheck>[0]["engines"];
  /** Aborts when the gateway closes. */
  signal: AbortSignal;
  overrides: EngineOverrides;
  identity: Lazy<Identity>;
  databaseParts(): Pick<OperatorSources, "env" | "clock" | "logger"> & {
    instanceId: string;
    clients: SupabaseClients;
  };
};

/** What serves the operator: the view of administrators, and the upkeep of what it shows. */
export function operatorParts(sources: OperatorSources, make: OperatorMakers) {
  const { env, live, prices, configuration, clock, logger } = sources;
  const { callParts, databaseParts, ledger, identity, health, alarms, overrides } = sources;
  const modelCheck = lazy(() =>
    make.createModelCheck({ env, live, engines: sources.calls(), signal: sources.signal }),
  );
  const startedAt = clock.wallNow();
  const shared = lazy(() =>
    make.createShared({
      ...{ ...databaseParts(), overrides, health: health.value },
      catalogue: () => ({ ...callParts.value.engines, registry: callParts.value.registry }),
      authenticator: () => identity.made?.authenticator,
    }),
  );
  return {
    admin: derived(
      () => callParts.value,
      ({ registry, engines }) =>
        make.createAdmin({
          ...{ registry, engines, startedAt, clock, logger },
          clients: databaseParts().clients,
          engineSource: engineSourceOf(env, live.current),
          health: health.value,
          alarms: alarms.value,
          ledger: ledger.value.ledger,
          blocks: make.createHealthBlocks({ configuration, prices, modelCheck, shared }),
        }),
    ),
    shared,
    modelCheck,
    ledgerMaintenance: lazy(() =>
      make.createLedgerMaintenance({ env, clients: databaseParts().clients, clock, logger }),
    ),
  };
}
