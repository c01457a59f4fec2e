import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseQuotaStore } from "#lib/adapters/supabase/quota-store.ts";
import { countedMode } from "#lib/services/engines/counted-mode.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { QuotaDependencies } from "#lib/services/quota/quota-today.ts";

export type QuotaParts = {
  clients: SupabaseClients;
  engines: Pick<EngineDependencies, "modes" | "enginesOf" | "howToConfigure" | "overrides">;
};

/** What was used today. */
export function createQuota({ clients, engines }: QuotaParts): QuotaDependencies {
  return {
    store: createSupabaseQuotaStore({ clients }),
    modes: engines.modes,
    countedMode: (mode) => countedMode(mode, engines),
  };
}
