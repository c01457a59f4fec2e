import type { IncomingHttpHeaders } from "node:http";
import type { Sql } from "postgres";
import {
  answerOf,
  type CallAnswer,
  failedAnswer,
  parseJson,
} from "#lib/local-supabase/function-calls/call-answer.ts";
import { callStatement } from "#lib/local-supabase/function-calls/call-statement.ts";
import { callInTransaction } from "#lib/local-supabase/function-calls/call-transaction.ts";
import {
  type ApiCredentials,
  createCallerReader,
  type FunctionCaller,
} from "#lib/local-supabase/function-calls/caller.ts";
import {
  createFunctionCatalogue,
  type DatabaseFunction,
} from "#lib/local-supabase/function-calls/catalogue.ts";
import { ConnectionPool } from "#lib/local-supabase/function-calls/connection-pool.ts";

/** A `POST /rest/v1/rpc/<name>`. */
export type FunctionRequest = {
  name: string;
  headers: IncomingHttpHeaders;
  body: string;
  signal: AbortSignal;
};

/**
 * Answers function calls as PostgREST does, in one round trip to Postgres; `@supabase/lite` needs a dozen.
 * Undefined for whatever is out of the ordinary: other credentials, unknown functions, arguments that fit none or
 * several. Lite answers that, and nothing has been done yet.
 */
export type FunctionFront = (request: FunctionRequest) => Promise<CallAnswer | undefined>;

export type FunctionFrontOptions = {
  credentials: ApiCredentials;
  /** Opens connections as the login role `authenticator`, at most so many. */
  connect(maxConnections: number): Sql;
};

/** Two cores do not run more functions at once; the others would wait for locks in Postgres. */
const MAX_CONNECTIONS = 10;
const MAX_WAITING = 2_000;
/** For look-ups and cancellations, which must not wait for calls. */
const MAX_CONTROL_CONNECTIONS = 2;

/** SQLSTATE of a function that is not there (any more), and of errors that carry a response of their own. */
const NO_SUCH_FUNCTION = "42883";
const OWN_RESPONSE = "PGRST";

export function createFunctionFront({ credentials, connect }: FunctionFrontOptions): FunctionFront {
  const callerOf = createCallerReader(credentials);
  const control = connect(MAX_CONTROL_CONNECTIONS);
  const catalogue = createFunctionCatalogue(control);
  const database: Database = {
    pool: new ConnectionPool({
      connect: () => connect(1),
      maxConnections: MAX_CONNECTIONS,
      maxWaiting: MAX_WAITING,
    }),
    cancel: (pid) => cancelBackend(control, pid),
  };

  return async (request) => {
    const { name, headers, body } = request;
    const caller = await callerOf(headers);
    const given = caller === undefined ? undefined : argumentNames(body);
    if (caller === undefined || given === undefined) return undefined;
    try {
      const called = await catalogue.find(name, given);
      return called === undefined ? undefined : await call(database, request, { called, given, caller });
    } catch (error) {
      const state = error instanceof Error && "code" in error ? error.code : undefined;
      if (state === NO_SUCH_FUNCTION) catalogue.forget(name);
      // It has been rolled back.
      if (state === OWN_RESPONSE) return undefined;
      const answer = failedAnswer(error, caller.role === "anon");
      if (answer === undefined) throw error;
      return answer;
    }
  };
}

type Database = { pool: ConnectionPool; cancel(pid: number): Promise<void> };
type Call = { called: DatabaseFunction; given: readonly string[]; caller: FunctionCaller };

async function call(
  { pool, cancel }: Database,
  { name, headers, body, signal }: FunctionRequest,
  { called, given, caller: { role, userId, claims } }: Call,
): Promise<CallAnswer> {
  const prepared = {
    statement: callStatement(called, given, role),
    parameters: given.length === 0 ? [] : [body],
    settings: {
      ...{ role, userId, claims, path: `/rpc/${name}`, headers: JSON.stringify(headers) },
      statementTimeout: called.statementTimeout,
    },
  };
  const connection = await pool.acquire(signal);
  try {
    signal.throwIfAborted();
    return answerOf(called, await callInTransaction(connection, prepared, signal, cancel));
  } finally {
    pool.release(connection);
  }
}

async function cancelBackend(control: Sql, pid: number): Promise<void> {
  try {
    await control.unsafe("select pg_cancel_backend($1)", [pid], { prepare: true });
  } catch (error) {
    // Without a connection the call has ended as well.
    console.error("A function call could not be cancelled.", error);
  }
}

/** Undefined unless the body is a JSON object. */
function argumentNames(body: string): readonly string[] | undefined {
  const parsed = parseJson(body);
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
    ? Object.keys(parsed)
    : undefined;
}
