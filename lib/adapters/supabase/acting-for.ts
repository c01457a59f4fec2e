import type { DatabaseClient, SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { type DatabaseAnswer, databaseError, serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A client, and how its failures are translated. */
export type Acting = { client: DatabaseClient; failure: (answer: DatabaseAnswer) => GatewayError };

/** Postgres: a row names another one that is not there. */
const FOREIGN_KEY_VIOLATION = "23503";

/**
 * For rows that belong to their user: users act as themselves, under row level security; the service role acts for
 * gateway keys, so that every call must name the owner as well.
 */
export function actingFor(clients: SupabaseClients, caller: Caller): Acting {
  return caller.kind === "key"
    ? { client: clients.asService(), failure: serviceError }
    : { client: clients.asUser(caller.accessToken), failure: databaseError };
}

/** A row names another one that does not exist: where that is the user, their account is gone. */
export function lacksOwner({ error }: DatabaseAnswer): boolean {
  return error?.code === FOREIGN_KEY_VIOLATION;
}

/** An access token outlives its user for up to an hour. */
export function accountGone(cause: unknown): GatewayError {
  return new GatewayError("unauthorized", "This account does not exist any more.", { cause });
}
