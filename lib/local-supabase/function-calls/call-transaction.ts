import { setTimeout as pause } from "node:timers/promises";
import type { Sql } from "postgres";
import type { CallResult } from "#lib/local-supabase/function-calls/call-statement.ts";

/** A call, ready to be sent. */
export type DatabaseCall = {
  statement: string;
  /** The value of `$1` of the statement, if it has one. */
  parameters: readonly string[];
  settings: CallSettings;
};

/** What PostgREST and `@supabase/lite` set for a transaction; JSON where they are objects. */
export type CallSettings = {
  role: string;
  userId: string;
  claims: string;
  path: string;
  headers: string;
  /**
   * The function's own `statement_timeout`, or null. In force when a statement begins, so it is set before the call,
   * as PostgREST does; Postgres does not look at it again when the function sets it.
   */
  statementTimeout: string | null;
};

const SETTINGS = `
  select pg_backend_pid() as pid,
    set_config('role', $1, true),
    set_config('request.jwt.claim.role', $1, true),
    set_config('request.jwt.claim.sub', $2, true),
    set_config('request.jwt.claims', $3, true),
    set_config('request.method', 'POST', true),
    set_config('request.path', $4, true),
    set_config('request.headers', $5, true),
    set_config('statement_timeout', coalesce($6, current_setting('statement_timeout')), true)`;

/** A statement can come between a cancellation and its call, so it is cancelled again; milliseconds. */
const CANCEL_AGAIN_MS = 100;

/**
 * Makes a call in a transaction of its own. The four statements are sent at once, so it takes one round trip.
 *
 * If one of them fails, Postgres refuses those behind it. Should `begin` itself fail, or the connection be lost and
 * opened again in between, what is left would run without a role: as the login role, which may not call anything.
 *
 * When the signal aborts, the call is cancelled. Resolves or rejects only when the connection is free for the next
 * call and every cancellation has been answered: its signal has been sent by then, and Postgres ignores one that
 * finds it waiting for a statement.
 *
 * @param cancel asks Postgres to cancel what the backend with this pid does; never rejects.
 */
export async function callInTransaction(
  connection: Sql,
  call: DatabaseCall,
  signal: AbortSignal,
  cancel: (pid: number) => Promise<void>,
): Promise<CallResult> {
  const { role, userId, claims, path, headers, statementTimeout } = call.settings;
  const prepared = { prepare: true };
  const begun = connection.unsafe("begin").execute();
  const set = connection
    .unsafe<{ pid: number }[]>(SETTINGS, [role, userId, claims, path, headers, statementTimeout], prepared)
    .execute();
  const called = connection.unsafe<CallResult[]>(call.statement, [...call.parameters], prepared).execute();
  const committed = connection.unsafe("commit").execute();
  const ended = Promise.allSettled([begun, set, called, committed]);
  let cancelling: Promise<void> | undefined;
  const onAbort = (): void => {
    cancelling = cancelUntilEnded(set, ended, cancel);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const outcomes = await ended;
  signal.removeEventListener("abort", onAbort);
  await cancelling;
  // The first failure; those behind it only say that the transaction has failed.
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  const [row] = await called;
  if (row === undefined) throw new Error("A function call returned no row.");
  return row;
}

/** Once `set` has answered, the call is what the connection does next. */
async function cancelUntilEnded(
  set: Promise<readonly { pid: number }[]>,
  ended: Promise<unknown>,
  cancel: (pid: number) => Promise<void>,
): Promise<void> {
  const [row] = await set.catch(() => []);
  if (row === undefined) return;
  const isEnded = ended.then(() => true);
  do {
    await cancel(row.pid);
  } while (!(await Promise.race([isEnded, pause(CANCEL_AGAIN_MS, false)])));
}
