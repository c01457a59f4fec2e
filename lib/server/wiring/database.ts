import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { checkDatabase } from "#lib/adapters/supabase/database-check.ts";
import { closeTurnsToUsers } from "#lib/adapters/supabase/turn-access.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { DatabaseCheck } from "#lib/services/health/database-check.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Which Supabase project is used; the service role key is optional. */
export type DatabaseSettings = { url: string; publishableKey: string; serviceRoleKey: string | undefined };

export type Database = {
  clients: SupabaseClients;
  /** Whether the database can be used, or why not. Never rejects. */
  check(): Promise<DatabaseCheck>;
  /** Revokes users' access to the functions that write turns; resolves with the error. Never rejects. */
  closeTurns(signal: AbortSignal): Promise<GatewayError | undefined>;
};

/** Throws `not_configured` when no database is configured. */
export function readDatabaseSettings(env: Env): DatabaseSettings {
  const { NEXT_PUBLIC_SUPABASE_URL: url, NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey } = env;
  if (url === undefined || publishableKey === undefined) {
    throw new GatewayError(
      "not_configured",
      "No database is configured. Set NEXT_PUBLIC_SUPABASE_URL and NEXT_PUBLIC_SUPABASE_ANON_KEY, " +
        "or start with `npm run dev`, which brings a local one.",
    );
  }
  return { url, publishableKey, serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY };
}

export function createDatabase(settings: DatabaseSettings, clock: Clock): Database {
  const clients = createSupabaseClients(settings);
  return {
    clients,
    check: () => checkDatabase({ clients }),
    closeTurns: (signal) => closeTurnsToUsers({ clients, clock, signal }),
  };
}
