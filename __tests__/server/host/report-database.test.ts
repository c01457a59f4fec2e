import { afterAll, beforeAll, expect, test } from "vitest";
import { reportDatabase } from "#lib/server/host/report-database.ts";
import { SCHEMA_VERSION } from "#lib/services/health/database-check.ts";
import { startTestSupabase, type TestSupabase } from "../../support/test-database.ts";
import { type Settings, startTestGateway } from "../../support/test-gateway.ts";

let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());

/** What a start with these settings says of its database. */
async function said(settings: Settings): Promise<string> {
  const lines: string[] = [];
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_OPENAI_PROXY: "1", ...settings },
    log: (line) => lines.push(line),
  });
  await reportDatabase(gateway.gateway);
  await gateway.stop();
  return lines.join("\n");
}

test.each<[string, Settings, RegExp]>([
  ["no key", { SUPABASE_SERVICE_ROLE_KEY: "" }, /"warn".*SUPABASE_SERVICE_ROLE_KEY is not set/],
  ["a wrong key", { SUPABASE_SERVICE_ROLE_KEY: "sb_secret_wrong" }, /SUPABASE_SERVICE_ROLE_KEY was rejected/],
  ["nobody there", { NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:2" }, /cannot be reached.*ECONNREFUSED/],
])("with %s the cause is named, and no other", async (_, settings, words) => {
  const log = await said(settings);
  expect(log).toMatch(words);
  expect(log).not.toContain("not known");
  expect(log).not.toContain("schema version");
});

test("when all is well the schema's version is said, and that the routes are open", async () => {
  const log = await said({});
  expect(log).toMatch(new RegExp(`"info".*schema version ${SCHEMA_VERSION}\\.`));
  expect(log).toMatch(/accept any bearer/);
  expect(await said({ ENABLE_OPENAI_PROXY: "" })).not.toMatch(/accept any bearer/);
});

test("an older schema is named with what to apply", async () => {
  await database.sql`
    create or replace function public.sarmalink_schema_version() returns integer
    language sql immutable set search_path = '' as 'select 3'`;
  expect(await said({})).toMatch(
    new RegExp(`version 3.*expects version ${SCHEMA_VERSION}:.*files after 003`),
  );
});
