import { GatewayError } from "#lib/shared/errors.ts";

/** The part of a supabase-js answer that tells success from failure. */
export type DatabaseAnswer = {
  error: { code?: string | undefined; message: string; details?: string | null | undefined } | null;
  status: number;
};

/** Codes of PostgREST and Postgres for a function or table that is not there. */
const NOT_THERE: ReadonlySet<string> = new Set(["PGRST202", "PGRST205", "42883", "42P01", "42703"]);
/** Postgres: this role may not do that. */
const NOT_GRANTED = "42501";
/** PostgREST's own codes, and the SQLSTATEs of Postgres and our functions. Nobody else writes such codes. */
const DATABASE_CODE = /^(?:PGRST\w*|[0-9A-Z]{5})$/;
/**
 * SQLSTATE classes that say nothing of what was asked: connections, transactions that were rolled back or may
 * not write (a standby), resources, the operator, the system.
 */
const PASSING = /^(?:08|25|28|40|53|55|57|58|XX)/;

/** Whether the database has no such function, table or column: a migration has not been applied. */
export function isMissing(answer: DatabaseAnswer): boolean {
  return NOT_THERE.has(answer.error?.code ?? "");
}

/** Whether the call's credential was not taken, or is not that of a role which may make this call. */
export function isRejected(answer: DatabaseAnswer): boolean {
  return answer.error?.code === NOT_GRANTED || answer.status === 401 || answer.status === 403;
}

/**
 * A failed database call as the error a client may see. Messages of the database itself stay in the
 * cause: they name tables and columns.
 *
 * `PTxyz` are the SQLSTATEs that our SQL functions raise, `PGRSTxyz` PostgREST's own. No code and no
 * status means that nobody answered.
 */
export function databaseError(answer: DatabaseAnswer): GatewayError {
  const cause = answer.error ?? undefined;
  const code = answer.error?.code ?? "";
  if (code === "PT403") return new GatewayError("forbidden", "Not allowed.", { cause });
  if (code === "PT404") return new GatewayError("not_found", "No such session or turn.", { cause });
  if (code === "PT409") return new GatewayError("conflict", "This request id is already in use.", { cause });
  if (isMissing(answer)) {
    return new GatewayError(
      "not_configured",
      "The database lacks our tables or functions: apply supabase/migrations.",
      { cause },
    );
  }
  if (answer.status === 401) {
    return new GatewayError("unauthorized", "The database did not accept this credential.", { cause });
  }
  // 4xx beyond those means that we sent something the schema refuses, which a retry will not change.
  if (isRefusal(answer.status, code)) {
    return new GatewayError("internal_error", "The database refused the request.", { cause });
  }
  return new GatewayError("database_unavailable", "The database does not answer. Try again shortly.", {
    retryAfterSeconds: 5,
    cause,
  });
}

/** Whether the database itself has refused what it was given. A page of a proxy in front of it says no such thing. */
function isRefusal(status: number, code: string): boolean {
  if (status === 413) return true;
  const isTransient = status === 408 || status === 429 || PASSING.test(code);
  return status >= 400 && status < 500 && !isTransient && DATABASE_CODE.test(code);
}

/** The same for calls that are made with a user's access token. */
export function userError(answer: DatabaseAnswer): GatewayError {
  // With status 401 it is the token that was not taken: the caller counted as nobody.
  return answer.error?.code === NOT_GRANTED && answer.status !== 401
    ? shutOut(answer.error)
    : databaseError(answer);
}

/** The same for calls that are made as nobody, whose argument is their credential. */
export function anonymousError(answer: DatabaseAnswer): GatewayError {
  return answer.error?.code === NOT_GRANTED ? shutOut(answer.error) : databaseError(answer);
}

/** Users may not write turns where a gateway with the service role has been started. */
function shutOut(cause: unknown): GatewayError {
  return new GatewayError(
    "not_configured",
    "This database takes turns from the service role only, because a gateway with SUPABASE_SERVICE_ROLE_KEY " +
      "has used it: set SUPABASE_SERVICE_ROLE_KEY here too.",
    { cause },
  );
}

/** The same for calls of the service role: if that is refused, it is the operator's mistake, not the caller's. */
export function serviceError(answer: DatabaseAnswer): GatewayError {
  // Our own functions say PT403 of what was asked, not of who asks.
  const isOurs = answer.error?.code?.startsWith("PT") ?? false;
  if (isOurs || !isRejected(answer)) return databaseError(answer);
  return new GatewayError("not_configured", "SUPABASE_SERVICE_ROLE_KEY was refused by the database.", {
    cause: answer.error ?? undefined,
  });
}
