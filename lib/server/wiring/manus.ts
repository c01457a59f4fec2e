import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { createManusApi } from "#lib/adapters/manus/manus-api.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createManusTaskStore } from "#lib/adapters/supabase/manus-task-store.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import { PublicKeys } from "#lib/services/manus/public-keys.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type ManusParts = {
  env: Pick<
    Env,
    | "MANUS_API_KEY"
    | "MANUS_BASE_URL"
    | "MANUS_WEBHOOK_SECRET"
    | "ENABLE_MANUS_AUTOROUTE"
    | "NEXT_PUBLIC_APP_URL"
  >;
  clients: SupabaseClients;
  identity: Pick<Identity, "admission">;
  clock: Clock;
  logger: Logger;
};

/** Tasks that are handed to Manus. */
export function createManus({ env, clients, identity, clock, logger }: ManusParts): ManusDependencies {
  const { MANUS_API_KEY: apiKey, MANUS_BASE_URL: baseUrl } = env;
  const api = apiKey === undefined ? undefined : createManusApi({ http: jsonHttp, baseUrl, apiKey });
  return {
    api,
    store: createManusTaskStore({ clients }),
    admission: identity.admission,
    clock,
    logger,
    autoRoutes: env.ENABLE_MANUS_AUTOROUTE && api !== undefined && clients.hasServiceRole,
    webhooks: {
      keys: api === undefined ? undefined : new PublicKeys(api, clock),
      secret: env.MANUS_WEBHOOK_SECRET,
      publicUrl: env.NEXT_PUBLIC_APP_URL,
    },
  };
}
