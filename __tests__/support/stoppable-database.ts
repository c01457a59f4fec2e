import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { openApiThread } from "#lib/local-supabase/api.ts";
import { preparePostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import { databaseUrl, type RunningPostgres, startPostgres } from "#lib/local-supabase/postgres-process.ts";
import { generateSecrets } from "#lib/local-supabase/secrets.ts";
import { postgresUser } from "#lib/local-supabase/system-user.ts";
import { MIGRATIONS } from "./test-postgres.ts";

export type StoppableDatabase = {
  /** What a gateway is told of it. */
  settings: Readonly<Record<string, string>>;
  /** As superuser; it connects again when Postgres is back. */
  sql: postgres.Sql;
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  stop(): Promise<void>;
};

/** A Supabase whose Postgres can be stopped and started again: the same data, on the same port. */
export async function startStoppableDatabase(): Promise<StoppableDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-stoppable-"));
  await chmod(folder, 0o711);
  const cluster = join(folder, "postgres");
  const user = await postgresUser(cluster);
  const secrets = generateSecrets();
  const binaries = await preparePostgresBinaries(user, folder);
  const start = (port?: number): Promise<RunningPostgres> =>
    startPostgres({ binaries, cluster, user, password: secrets.postgresPassword, port });
  let server = await start();
  const { port } = server;
  const url = databaseUrl(port, secrets.postgresPassword);
  const { publishableKey, secretKey, jwtSecret } = secrets;
  const thread = openApiThread(undefined);
  const api = await thread.serve({
    ...{ databaseUrl: url, migrationsDir: MIGRATIONS, publishableKey, secretKey, jwtSecret },
    ...{ port: 0, seed: undefined },
  });
  const sql = postgres(url, { max: 2, onnotice: () => undefined });
  return {
    settings: {
      NEXT_PUBLIC_SUPABASE_URL: api.url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey,
      SUPABASE_SERVICE_ROLE_KEY: secretKey,
      SUPABASE_JWT_SECRET: jwtSecret,
    },
    sql,
    stopPostgres: () => server.stop(),
    async startPostgres() {
      server = await start(port);
    },
    async stop() {
      await sql.end({ timeout: 2 });
      await api.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A new user, whose token needs no database to be checked. */
export async function signUpAt({ settings }: StoppableDatabase): Promise<{ id: string; token: string }> {
  const { NEXT_PUBLIC_SUPABASE_URL: url = "", NEXT_PUBLIC_SUPABASE_ANON_KEY: key = "" } = settings;
  const client = createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } });
  const email = `${randomUUID()}@example.test`;
  const { data, error } = await client.auth.signUp({ email, password: "correct horse battery" });
  if (error || !data.user || !data.session) throw new Error("Sign-up failed.", { cause: error });
  return { id: data.user.id, token: data.session.access_token };
}
