import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import type postgres from "postgres";
import { inject } from "vitest";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { openApiThread } from "#lib/local-supabase/api.ts";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { MIGRATIONS, startTestPostgres, superuser, TEMPLATE, type TestPostgres } from "./test-postgres.ts";
import "./global-supabase.ts";

export type TestUser = {
  userId: string;
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
  /** The user as the services see them. */
  caller: Extract<Caller, { kind: "user" }>;
};

export type TestSupabase = {
  url: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
  /** Our own clients, with the service role. */
  clients: SupabaseClients;
  /** The database as superuser: to arrange and to look behind row level security. */
  sql: postgres.Sql;
  /** Signs up a new user; a random address by default. */
  signUp(email?: string): Promise<TestUser>;
  stop(): Promise<void>;
};

/**
 * A Supabase of the test file's own: a copy of the migrated template behind its own API.
 * Call it in `beforeAll`, and `stop` in `afterAll`. Without the global setup it starts a Postgres
 * for itself.
 */
export async function startTestSupabase(): Promise<TestSupabase> {
  const thread = openApiThread(undefined);
  const { server, stopServer } = await testServer();
  const admin = superuser(server, "postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await admin.unsafe(`create database ${name} template ${TEMPLATE}`);
  const { publishableKey, secretKey, jwtSecret, postgresPassword } = server.secrets;
  const api = await thread.serve({
    databaseUrl: databaseUrl(server.port, postgresPassword, name),
    migrationsDir: MIGRATIONS,
    publishableKey,
    secretKey,
    jwtSecret,
    port: 0,
    seed: undefined,
  });
  const sql = superuser(server, name);
  return {
    url: api.url,
    publishableKey,
    secretKey,
    jwtSecret,
    clients: createSupabaseClients({ url: api.url, publishableKey, serviceRoleKey: secretKey }),
    sql,
    signUp: (email = `${randomUUID()}@example.test`) => signUp(api.url, publishableKey, email),
    async stop() {
      await api.stop();
      await sql.end();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
      await stopServer();
    },
  };
}

/** The Postgres of the global setup, or, when a file runs without it, one of its own. */
export async function testServer(): Promise<{ server: TestPostgres; stopServer(): Promise<void> }> {
  const provided: TestPostgres | undefined = inject("testPostgres");
  if (provided) return { server: provided, stopServer: async () => undefined };
  const own = await startTestPostgres();
  return { server: own.postgres, stopServer: own.stop };
}

async function signUp(url: string, publishableKey: string, email: string): Promise<TestUser> {
  const client = createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const password = "correct horse battery staple";
  const { data, error } = await client.auth.signUp({ email, password });
  if (error || !data.user || !data.session) throw new Error(`Sign-up of ${email} failed.`, { cause: error });
  const accessToken = data.session.access_token;
  return {
    userId: data.user.id,
    email,
    password,
    accessToken,
    refreshToken: data.session.refresh_token,
    caller: { kind: "user", userId: data.user.id, email, accessToken },
  };
}
