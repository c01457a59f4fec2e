import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { Env } from "#lib/server/env/env.ts";
import { LedgerMaintenance } from "#lib/services/admin/ledger-maintenance.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";

export type LedgerMaintenanceParts = {
  env: Env;
  clients: SupabaseClients;
  clock: Clock;
  logger: Logger;
};

/**
 * The upkeep of the ledger by this server; undefined where it is switched off, on Vercel, which has no background,
 * and without a service role, which it needs.
 */
export function createLedgerMaintenance({
  env,
  clients,
  clock,
  logger,
}: LedgerMaintenanceParts): LedgerMaintenance | undefined {
  if (!env.LEDGER_MAINTENANCE || env.VERCEL || !clients.hasServiceRole) return undefined;
  const store = lazyAsync(async () => {
    const { createLedgerMaintenanceStore } = await import(
      "#lib/adapters/supabase/ledger-maintenance-store.ts"
    );
    return createLedgerMaintenanceStore({ clients });
  });
  return new LedgerMaintenance({
    store: {
      fold: async () => (await store()).fold(),
      prune: async (retention) => (await store()).prune(retention),
    },
    retention: { eventsDays: env.EVENTS_RETENTION_DAYS, usageDays: env.USAGE_RETENTION_DAYS },
    clock,
    random: Math.random,
    logger,
  });
}
