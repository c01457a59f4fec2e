import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { MODE_IDS } from "#lib/ai-models.ts";
import type { SeriesWindow } from "#lib/apis/native/admin-series.ts";
import type { AdminSeries } from "#lib/apis/native/admin-series-answer-schema.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Registry } from "#lib/providers/registry.ts";
import { engineOf } from "#lib/server/wiring/engine-of.ts";
import type { EngineSource } from "#lib/server/wiring/providers.ts";
import type { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import type { HealthBlock } from "#lib/services/admin/health-blocks.ts";
import type { Chain, HealthDependencies } from "#lib/services/admin/health-report.ts";
import type { ConfiguredProvider } from "#lib/services/admin/provider-health.ts";
import type { RequestLogStore } from "#lib/services/admin/request-log.ts";
import { readSeries } from "#lib/services/admin/series.ts";
import { SharedReading } from "#lib/services/admin/shared-reading.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";
import { VERSION } from "#lib/shared/version.ts";

export type AdminParts = {
  clients: SupabaseClients;
  registry: Registry;
  engines: Pick<EngineDependencies, "enginesOf" | "prices">;
  engineSource: EngineSource;
  health: EngineHealth;
  alarms: AccountAlarms;
  ledger: Pick<Ledger, "gauges">;
  blocks: readonly HealthBlock[];
  startedAt: number;
  clock: Clock;
  logger: Logger;
};

/** What administrators see. */
export type Admin = {
  health: HealthDependencies;
  requests: RequestLogStore;
  /** Shared by all who ask. Throws as `SeriesStore.read` does. */
  series(window: SeriesWindow): Promise<AdminSeries>;
};

/** The operator's view. It asks the database only when an administrator does. */
export function createAdmin(parts: AdminParts): Admin {
  const { clients, registry, engines, health, alarms, ledger, blocks, clock, logger } = parts;
  // Loaded when an administrator first asks: a start is not to wait for what few requests need.
  const ledgerStore = lazyAsync(async () => {
    const { createLedgerStatisticsStore } = await import("#lib/adapters/supabase/ledger-statistics-store.ts");
    return createLedgerStatisticsStore({ clients });
  });
  const requestLog = lazyAsync(async () => {
    const { createRequestLogStore } = await import("#lib/adapters/supabase/request-log-store.ts");
    return createRequestLogStore({ clients });
  });
  const seriesStore = lazyAsync(async () => {
    const { createSeriesStore } = await import("#lib/adapters/supabase/series-store.ts");
    return createSeriesStore({ clients });
  });
  const series = new SharedReading(
    async (window: SeriesWindow) => readSeries(window, await seriesStore()),
    clock,
  );
  const statistics = new SharedReading(async (seconds: number) => (await ledgerStore()).read(seconds), clock);
  return {
    health: {
      statistics: (windowSeconds) => statistics.get(windowSeconds),
      hasServiceRole: clients.hasServiceRole,
      snapshot: () => health.snapshot(),
      alarms,
      providers: () => configuredProviders(registry),
      chains: () => chainsOf(engines),
      gauges: () => ledger.gauges(),
      blocks,
      listPrices: {
        prices: () => engines.prices.whole(),
        engineOf: (...name) => engineOf(registry, ...name),
      },
      process: { version: VERSION, engines: parts.engineSource, startedAt: parts.startedAt },
      clock,
      logger,
    },
    series: (window) => series.get(window),
    requests: {
      list: async (filter, page) => (await requestLog()).list(filter, page),
      find: async (id) => (await requestLog()).find(id),
    },
  };
}

function configuredProviders(registry: Registry): ConfiguredProvider[] {
  return registry.configured().flatMap((id) => {
    // Any model: its address and its keys are the provider's.
    const engine = engineOf(registry, id, "any");
    return engine === undefined ? [] : [{ id, origin: engine.origin, keys: engine.keys }];
  });
}

function chainsOf({ enginesOf }: AdminParts["engines"]): Promise<Chain[]> {
  return Promise.all(
    MODE_IDS.map(async (mode) => {
      const engines = await enginesOf(mode);
      return { mode, engines: engines.map(({ provider, model }) => ({ provider: provider.id, model })) };
    }),
  );
}
