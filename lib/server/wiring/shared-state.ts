import { hostname } from "node:os";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseOverrideStore } from "#lib/adapters/supabase/override-store.ts";
import { createSupabaseSharedStateStore } from "#lib/adapters/supabase/shared-state-store.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { OverrideDependencies } from "#lib/services/overrides/manage-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";
import { SharedState, type SharedStateOptions } from "#lib/services/shared-state/shared-state.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { VERSION } from "#lib/shared/version.ts";

export type SharedStateParts = {
  env: Pick<Env, "STATE_REFRESH_MS" | "VERCEL">;
  instanceId: string;
  clients: SupabaseClients;
  health: EngineHealth;
  overrides: EngineOverrides;
  onKeysChanged: SharedStateOptions["onKeysChanged"];
  clock: Clock;
  logger: Logger;
};

/** What the instances of the gateway tell each other. Undefined without a service role, which that needs. */
export function createSharedState(parts: SharedStateParts): SharedState | undefined {
  const { env, instanceId, clients, health, overrides, onKeysChanged, clock, logger } = parts;
  if (!clients.hasServiceRole) return undefined;
  return new SharedState({
    instance: { id: instanceId, host: hostname(), pid: process.pid, version: VERSION },
    store: createSupabaseSharedStateStore({ clients }),
    health: health.exchange,
    overrides,
    onKeysChanged,
    clock,
    logger,
    everyMs: env.STATE_REFRESH_MS,
    isBackground: !env.VERCEL,
  });
}

export type OverrideParts = {
  clients: SupabaseClients;
  overrides: EngineOverrides;
  catalogue: OverrideDependencies["catalogue"];
  clock: Clock;
  logger: Logger;
};

/** Overrides, for administrators. */
export function createOverrideRegister({
  clients,
  overrides,
  catalogue,
  clock,
  logger,
}: OverrideParts): OverrideDependencies {
  return { store: createSupabaseOverrideStore({ clients }), overrides, catalogue, clock, logger };
}
