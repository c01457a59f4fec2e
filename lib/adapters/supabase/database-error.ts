import { GatewayError } from "#lib/shared/errors.ts";

/** The part of a supabase-js answer that tells success from failure. */
export type DatabaseAnswer = {
  error: {
    code?: string | undefined;
    message: string;
    details?: string | null | undefined;
    hint?: string | null | undefined;
  } | null;
  status: number;
};

/** Codes of PostgREST and Postgres for a function or table that does not exist. */
const NOT_THERE: ReadonlySet<string> = new Set(["PGRST202", "PGRST205", "42883", "42P01", "42703"]);
/** Postgres: this role may not do that. */
const NOT_GRANTED = "42501";
/** PostgREST's own codes, and the SQLSTATEs of Postgres and our functions. No other server sends such codes. */
const DATABASE_CODE = /^(?:PGRST\w*|[0-9A-Z]{5})$/;
/**
 * SQLSTATE classes that do not depend on the request: connections, transactions that were rolled back or may
 * not write (a standby), resources, operator intervention, system errors.
 */
const TRANSIENT = /^(?:08|25|28|40|53|55|57|58|XX)/;

/** Whether the database has no such function, table or column: a migration has not been applied. */
export function isMissing(answer: DatabaseAnswer): boolean {
  return NOT_THERE.has(answer.error?.code ?? "");
}

/** Whether the credential was rejected, or its role may not make this call. */
export function isRejected(answer: DatabaseAnswer): boolean {
  return answer.error?.code === NOT_GRANTED || answer.status === 401 || answer.status === 403;
}

/**
 * A failed database call as the error a client may see. Messages of the database itself stay in the
 * cause, because they name tables and columns.
 *
 * `PTxyz` are the SQLSTATEs that our SQL functions raise, `PGRSTxyz` PostgREST's own. No code and no
 * status means that there was no answer.
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
      "The database lacks the gateway's tables or functions: apply supabase/migrations.",
      { cause },
    );
  }
  if (answer.status === 401) {
    return new GatewayError("unauthorized", "The database did not accept this credential.", { cause });
  }
  // Any other 4xx means that the schema refused the request, which a retry will not change.
  if (isRefusal(answer.status, code)) {
    return new GatewayError("internal_error", "The database refused the request.", { cause });
  }
  return new GatewayError("database_unavailable", "The database does not answer. Try again shortly.", {
    retryAfterSeconds: 5,
    cause,
  });
}

/** Whether the database itself refused the request, as opposed to a proxy in front of it. */
function isRefusal(status: number, code: string): boolean {
  if (status === 413) return true;
  const isTransient = status === 408 || status === 429 || TRANSIENT.test(code);
  return status >= 400 && status < 500 && !isTransient && DATABASE_CODE.test(code);
}

/** The same for calls that are made with a user's access token. */
export function userError(answer: DatabaseAnswer): GatewayError {
  // With status 401 the token was rejected, and the call was made without a user.
  return answer.error?.code === NOT_GRANTED && answer.status !== 401
    ? turnsClosed(answer.error)
    : databaseError(answer);
}

/** The same for calls without a user, whose argument is their credential. */
export function anonymousError(answer: DatabaseAnswer): GatewayError {
  return answer.error?.code === NOT_GRANTED ? turnsClosed(answer.error) : databaseError(answer);
}

/** Users may not write turns once a gateway with the service role has been started. */
function turnsClosed(cause: unknown): GatewayError {
  return new GatewayError(
    "not_configured",
    "This database accepts turns from the service role only, because a gateway with SUPABASE_SERVICE_ROLE_KEY " +
      "has used it: set SUPABASE_SERVICE_ROLE_KEY here, too.",
    { cause },
  );
}

/** The same for calls of the service role, where a rejected key is the operator's mistake, not the caller's. */
export function serviceError(answer: DatabaseAnswer): GatewayError {
  // PT403 of our functions is about the request, not about the credential.
  const isOwnCode = answer.error?.code?.startsWith("PT") ?? false;
  if (isOwnCode || !isRejected(answer)) return databaseError(answer);
  return new GatewayError("not_configured", "SUPABASE_SERVICE_ROLE_KEY was refused by the database.", {
    cause: answer.error ?? undefined,
  });
}
