import { hostname } from "node:os";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseOverrideStore } from "#lib/adapters/supabase/override-store.ts";
import { createSupabaseSharedStateStore } from "#lib/adapters/supabase/shared-state-store.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Authenticator } from "#lib/server/auth/auth.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { OverrideDependencies } from "#lib/services/overrides/manage-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";
import { SharedState } from "#lib/services/shared-state/shared-state.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { VERSION } from "#lib/shared/version.ts";

export type SharedParts = {
  env: Pick<Env, "STATE_REFRESH_MS" | "VERCEL">;
  instanceId: string;
  clients: SupabaseClients;
  health: EngineHealth;
  overrides: EngineOverrides;
  catalogue: OverrideDependencies["catalogue"];
  /** Who remembers gateway keys; nobody does before the first request. */
  authenticator(): Authenticator | undefined;
  clock: Clock;
  logger: Logger;
};

/** What the instances of the gateway have in common. */
export type Shared = {
  /** What they tell each other; undefined without a service role, which that needs. */
  state: SharedState | undefined;
  /** What administrators have switched off or reordered. */
  overrides: OverrideDependencies;
};

export function createShared(parts: SharedParts): Shared {
  const { clients, overrides, catalogue, clock, logger } = parts;
  return {
    state: clients.hasServiceRole ? sharedState(parts) : undefined,
    overrides: { store: createSupabaseOverrideStore({ clients }), overrides, catalogue, clock, logger },
  };
}

function sharedState(parts: SharedParts): SharedState {
  const { env, instanceId, clients, health, overrides, authenticator, clock, logger } = parts;
  return new SharedState({
    instance: { id: instanceId, host: hostname(), pid: process.pid, version: VERSION },
    store: createSupabaseSharedStateStore({ clients }),
    health: health.exchange,
    overrides,
    onKeysChanged: (changed) => authenticator()?.keysChanged(changed),
    clock,
    logger,
    everyMs: env.STATE_REFRESH_MS,
    isBackground: !env.VERCEL,
  });
}
