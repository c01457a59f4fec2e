import { z } from "zod";
import type { DatabaseClient, SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { type DatabaseAnswer, isMissing, isRejected } from "#lib/adapters/supabase/database-error.ts";
import { type DatabaseCheck, SCHEMA_VERSION } from "#lib/services/health/database-check.ts";
import { truncate } from "#lib/shared/text.ts";

export type DatabaseCheckOptions = {
  clients: SupabaseClients;
  /** How long one call may take, milliseconds; 5000 by default. */
  timeoutMs?: number | undefined;
};

/** A column of each early version, newest first: these have no function that returns the version. */
const COLUMN_OF_VERSION = [
  { version: 3, table: "gateway_key_spend", column: "key_id" },
  { version: 2, table: "gateway_keys", column: "id" },
  { version: 1, table: "ai_chat_sessions", column: "id" },
] as const;
const MAX_REASON_LENGTH = 200;
const versionSchema = z.coerce.number().int().positive();

/** Checks whether the database can be used, and its schema version; makes no call without a service role key. */
export async function checkDatabase(options: DatabaseCheckOptions): Promise<DatabaseCheck> {
  const { clients, timeoutMs = 5_000 } = options;
  if (!clients.hasServiceRole) return { state: "service_key_missing" };
  const client = clients.asService();
  const answer = await client.rpc("sarmalink_schema_version").abortSignal(AbortSignal.timeout(timeoutMs));
  if (answer.error !== null) {
    return isMissing(answer) ? await findEarlyVersion(client, timeoutMs) : failedCheck(answer, timeoutMs);
  }
  const version = versionSchema.safeParse(answer.data);
  if (!version.success) return { state: "unreachable", reason: "the server there is not Supabase." };
  return version.data < SCHEMA_VERSION
    ? { state: "schema_outdated", version: version.data, expected: SCHEMA_VERSION }
    : { state: "ready", version: version.data };
}

async function findEarlyVersion(client: DatabaseClient, timeoutMs: number): Promise<DatabaseCheck> {
  for (const { version, table, column } of COLUMN_OF_VERSION) {
    const answer = await client
      .from(table)
      .select(column)
      .limit(1)
      .abortSignal(AbortSignal.timeout(timeoutMs));
    if (answer.error === null) return { state: "schema_outdated", version, expected: SCHEMA_VERSION };
    if (!isMissing(answer)) return failedCheck(answer, timeoutMs);
  }
  return { state: "migrations_missing", expected: SCHEMA_VERSION };
}

function failedCheck(answer: DatabaseAnswer, timeoutMs: number): DatabaseCheck {
  if (isRejected(answer)) return { state: "service_key_rejected" };
  return { state: "unreachable", reason: reasonOf(answer, timeoutMs) };
}

/** One line, with the system's own code (`ECONNREFUSED`, `ENOTFOUND`) if there is one. */
function reasonOf({ error, status }: DatabaseAnswer, timeoutMs: number): string {
  if (status > 0) {
    // A code is PostgREST's or Postgres's; without one the answer is from another server.
    if (error?.code === undefined) return `the server there is not Supabase (status ${status}).`;
    return `it answers with status ${status}, ${oneLine(`${error.code}: ${error.message}`)}.`;
  }
  const text = error?.details ?? error?.message ?? "";
  if (/TimeoutError|AbortError/.test(text)) return `no answer within ${timeoutMs / 1_000} s.`;
  const cause = /Caused by: (?:\w+: )?([^\n]+)/.exec(text)?.[1] ?? error?.message ?? "no answer";
  return `${oneLine(cause)}.`;
}

function oneLine(text: string): string {
  return truncate(text.replace(/\s+/g, " ").trim(), MAX_REASON_LENGTH);
}
