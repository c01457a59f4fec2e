import { GatewayError } from "#lib/shared/errors.ts";

/** The part of a supabase-js answer that tells success from failure. */
export type DatabaseAnswer = {
  error: { code?: string | undefined; message: string } | null;
  status: number;
};

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
  if (code === "PGRST202" || code === "PGRST205") {
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
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429) {
    return new GatewayError("internal_error", "The database refused the request.", { cause });
  }
  return new GatewayError("database_unavailable", "The database does not answer. Try again shortly.", {
    retryAfterSeconds: 5,
    cause,
  });
}

/** The same for calls of the service role: if that is refused, it is the operator's mistake, not the caller's. */
export function serviceError(answer: DatabaseAnswer): GatewayError {
  const error = databaseError(answer);
  if (error.code !== "unauthorized") return error;
  return new GatewayError("not_configured", "SUPABASE_SERVICE_ROLE_KEY was refused by the database.", {
    cause: error,
  });
}
