import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { checkDatabase } from "#lib/adapters/supabase/database-check.ts";
import {
  type DatabaseCheck,
  describeDatabaseCheck,
  SCHEMA_VERSION,
} from "#lib/services/health/database-check.ts";
import { startTestSupabase, type TestSupabase } from "../../support/test-database.ts";

let supabase: TestSupabase;
const stops: (() => void)[] = [];

beforeAll(async () => {
  supabase = await startTestSupabase();
}, 30_000);
afterAll(() => supabase.stop());
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const clientsWith = (changes: { url?: string; serviceRoleKey?: string | undefined } = {}): SupabaseClients =>
  createSupabaseClients({
    url: supabase.url,
    publishableKey: supabase.publishableKey,
    serviceRoleKey: supabase.secretKey,
    ...changes,
  });
const check = (clients: SupabaseClients = clientsWith(), timeoutMs = 2_000): Promise<DatabaseCheck> =>
  checkDatabase({ clients, timeoutMs });

/** A server that answers every request alike. */
async function answering(status: number, body: string, type = "application/json"): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": type }).end(body);
  });
  return await listening(server);
}

async function listening(server: ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
}

/** A Supabase whose schema is what these statements leave of ours. */
async function changed(statements: string): Promise<SupabaseClients> {
  const other = await startTestSupabase();
  stops.push(() => void other.stop());
  await other.sql.unsafe(statements).simple();
  return createSupabaseClients({
    url: other.url,
    publishableKey: other.publishableKey,
    serviceRoleKey: other.secretKey,
  });
}

const drop = (...tables: string[]): string =>
  `drop function public.sarmalink_schema_version();
   ${tables.map((table) => `drop table public.${table} cascade;`).join("\n")}`;

describe("the database", () => {
  test("is ready, with its version", async () => {
    expect(await check()).toEqual({ state: "ready", version: SCHEMA_VERSION });
  });

  test("of a later version is ready too", async () => {
    const later = await changed(
      `create or replace function public.sarmalink_schema_version() returns integer
       language sql immutable set search_path = '' as 'select 99'`,
    );
    expect(await check(later)).toEqual({ state: "ready", version: 99 });
  });

  test("is not called without a service role key", async () => {
    const url = await answering(500, "");
    expect(await check(clientsWith({ url, serviceRoleKey: undefined }))).toEqual({
      state: "service_key_missing",
    });
  });

  test.each([
    ["a wrong key", () => "sb_secret_wrong"],
    ["the publishable key", () => supabase.publishableKey],
    ["no key at all", () => "x"],
  ])("rejects %s", async (_, key) => {
    expect(await check(clientsWith({ serviceRoleKey: key() }))).toEqual({ state: "service_key_rejected" });
  });

  test.each<[number | undefined, string]>([
    [3, drop()],
    [2, drop("gateway_key_spend", "gateway_key_windows", "gateway_key_marker")],
    [1, drop("gateway_key_spend", "gateway_key_windows", "gateway_key_marker", "gateway_keys")],
  ])("of version %s is outdated", async (version, statements) => {
    expect(await check(await changed(statements))).toEqual({
      state: "schema_outdated",
      version,
      expected: SCHEMA_VERSION,
    });
  });

  test("without our tables lacks the migrations", async () => {
    const empty = await changed(
      `drop schema public cascade;
       create schema public;
       grant usage on schema public to anon, authenticated, service_role;`,
    );
    expect(await check(empty)).toEqual({ state: "migrations_missing", expected: SCHEMA_VERSION });
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ["nobody listens", async () => "http://127.0.0.1:2", /ECONNREFUSED/],
    ["its name does not exist", async () => "http://nobody.invalid", /ENOTFOUND|EAI_AGAIN/],
    ["nobody answers", () => listening(createTcpServer()), /no answer within 0\.3 s/],
    [
      "a web page answers",
      () => answering(404, "<html>\n</html>", "text/html"),
      /not Supabase \(status 404\)/,
    ],
    ["something else answers", () => answering(200, '{"hello":"world"}'), /not Supabase/],
    [
      "its Postgres is down",
      () => answering(503, '{"code":"PGRST001","message":"no\\nconnection"}'),
      /503.*PGRST001: no connection/,
    ],
    ["it pleads for time", () => answering(429, "{}"), /429/],
  ])("is unreachable when %s", async (_, url, reason) => {
    const found = await check(clientsWith({ url: await url() }), 300);
    expect(found).toEqual({ state: "unreachable", reason: expect.stringMatching(reason) });
    expect(describeDatabaseCheck(found)).not.toMatch(/\n/);
  });
});

test.each<[DatabaseCheck, RegExp]>([
  [{ state: "ready", version: 4 }, /ready: schema version 4/],
  [{ state: "service_key_missing" }, /SUPABASE_SERVICE_ROLE_KEY is not set/],
  [{ state: "service_key_rejected" }, /SUPABASE_SERVICE_ROLE_KEY was rejected.*NEXT_PUBLIC_SUPABASE_URL/],
  [{ state: "migrations_missing", expected: 4 }, /apply all files in supabase\/migrations/],
  [{ state: "schema_outdated", version: 3, expected: 4 }, /version 3.*expects version 4.*files after 003/],
  [{ state: "schema_outdated", version: undefined, expected: 4 }, /older version.*apply all files/],
  [{ state: "unreachable", reason: "connect ECONNREFUSED 127.0.0.1:1." }, /cannot be reached: connect ECONN/],
])("each finding is one line that says what to do: $0.state", (found, words) => {
  expect(describeDatabaseCheck(found)).toMatch(words);
  expect(describeDatabaseCheck(found)).not.toMatch(/\n/);
});
