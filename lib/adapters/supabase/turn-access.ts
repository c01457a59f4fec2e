import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import type { GatewayError } from "#lib/shared/errors.ts";

export type TurnAccessOptions = {
  clients: SupabaseClients;
  clock: Clock;
  /** Stops trying. */
  signal: AbortSignal;
  /** How long a call may take, milliseconds; 10 000 by default. */
  timeoutMs?: number | undefined;
};

/** Pauses between tries while the database is unavailable, milliseconds; the last one repeats. */
const RETRY_MS = [1_000, 5_000, 30_000, 60_000] as const;

/**
 * Revokes users' access to the functions that write turns: a gateway with the service role key writes turns with
 * that. Tries again while the database is unavailable; resolves with the error if a retry is of no use. Does
 * nothing without a service role key. Never rejects.
 */
export async function closeTurnsToUsers(options: TurnAccessOptions): Promise<GatewayError | undefined> {
  const { clients, clock, signal, timeoutMs = 10_000 } = options;
  if (!clients.hasServiceRole) return undefined;
  for (let failures = 0; !signal.aborted; failures++) {
    const answer = await clients
      .asService()
      .rpc("close_turns_to_users")
      .abortSignal(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    if (answer.error === null) return undefined;
    const error = serviceError(answer);
    if (error.code !== "database_unavailable") return error;
    await sleep(clock, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0, signal);
  }
  return undefined;
}
