import { z } from "zod";
import type { CallResult } from "#lib/local-supabase/function-calls/call-statement.ts";
import type { DatabaseFunction } from "#lib/local-supabase/function-calls/catalogue.ts";
import { TooManyCalls } from "#lib/local-supabase/function-calls/connection-pool.ts";

export type CallAnswer = { status: number; headers: Record<string, string>; body: string };

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

/** PostgREST's status for an SQLSTATE; the longest beginning counts. All others are 400. */
const STATUS_OF_STATE: Readonly<Record<string, number>> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "21": 500,
  "23503": 409,
  "23505": 409,
  "25": 500,
  "25006": 405,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "42883": 404,
  "42P01": 404,
  "42P17": 500,
  "53": 503,
  "53400": 500,
  "54": 500,
  "55": 500,
  "57": 500,
  "57P01": 503,
  "57P02": 503,
  "57P03": 503,
  "58": 500,
  F0: 500,
  HV: 500,
  P0: 500,
  P0001: 400,
  XX: 500,
};
const NOT_GRANTED = "42501";

const databaseErrorSchema = z.object({
  name: z.literal("PostgresError"),
  code: z.string(),
  message: z.string(),
  detail: z.string().nullish(),
  hint: z.string().nullish(),
});
/** Errors of the driver and of its sockets, which have no SQLSTATE. */
const connectionErrorSchema = z.object({ code: z.string().regex(/^(?:CONNECT|E[A-Z]+$)/) });
const responseHeadersSchema = z.array(z.record(z.string(), z.string()));

/** The answer to a call that has returned. */
export function answerOf(called: DatabaseFunction, result: CallResult): CallAnswer {
  const status = result.status ? Number(result.status) : undefined;
  if (status !== undefined && !(status >= 200 && status <= 599)) {
    return errorAnswer(500, "PGRST112", "response.status GUC must be a valid status code");
  }
  const headers = result.headers ? responseHeaders(result.headers) : {};
  if (headers === undefined) {
    const form =
      "response.headers GUC must be a JSON array composed of objects with a single key and a string value";
    return errorAnswer(500, "PGRST111", form);
  }
  const range = result.rows === 0 ? "*/*" : `0-${result.rows - 1}/*`;
  if (called.returns === "void") {
    return { status: status ?? 204, headers: { "content-range": range, ...headers }, body: "" };
  }
  return {
    status: status ?? 200,
    headers: { ...JSON_TYPE, "content-range": range, ...headers },
    body: result.body,
  };
}

/** The answer to a call that has failed; undefined for errors of this program. */
export function failedAnswer(error: unknown, isAnonymous: boolean): CallAnswer | undefined {
  if (error instanceof TooManyCalls) return errorAnswer(504, "PGRST003", error.message);
  const refused = databaseErrorSchema.safeParse(error);
  if (refused.success) {
    const { code, message, detail, hint } = refused.data;
    return errorAnswer(statusOf(code, isAnonymous), code, message, detail, hint);
  }
  if (!connectionErrorSchema.safeParse(error).success) return undefined;
  return errorAnswer(503, "PGRST001", "Database client error. Retrying the connection.");
}

/** Functions choose a status by raising `PTxyz`. */
function statusOf(state: string, isAnonymous: boolean): number {
  if (state.startsWith("PT")) {
    const status = Number(state.slice(2));
    return status >= 200 && status <= 599 ? status : 500;
  }
  if (state === NOT_GRANTED) return isAnonymous ? 401 : 403;
  return STATUS_OF_STATE[state] ?? STATUS_OF_STATE[state.slice(0, 2)] ?? 400;
}

function errorAnswer(
  status: number,
  code: string,
  message: string,
  details: string | null = null,
  hint: string | null = null,
): CallAnswer {
  return { status, headers: JSON_TYPE, body: JSON.stringify({ code, details, hint, message }) };
}

/** Undefined if they are in another form than PostgREST takes. */
function responseHeaders(text: string): Record<string, string> | undefined {
  const parsed = responseHeadersSchema.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.some((header) => Object.keys(header).length !== 1)) return undefined;
  const entries = parsed.data.flatMap((header) => Object.entries(header));
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Undefined for text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
