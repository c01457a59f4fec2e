import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { isRunning } from "#lib/adapters/process-start.ts";
import { type ApiThread, openApiThread } from "#lib/local-supabase/api.ts";
import { preparePostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import { databaseUrl, startPostgres } from "#lib/local-supabase/postgres-process.ts";
import { readPostmaster, stopPostmaster } from "#lib/local-supabase/postmaster.ts";
import { type EmbeddedSecrets, generateSecrets } from "#lib/local-supabase/secrets.ts";
import { postgresUser } from "#lib/local-supabase/system-user.ts";

export const MIGRATIONS = fileURLToPath(new URL("../../supabase/migrations", import.meta.url));

/** The database with system schemas and migrations that every test database is a copy of. */
export const TEMPLATE = "sarmalink_template";

/** Plain data, so that vitest can hand it from the global setup to the test files. */
export type TestPostgres = { port: number; secrets: EmbeddedSecrets };

const FOLDER_PREFIX = "sarmalink-test-";

/** One Postgres, without crash safety, in a temporary folder that `stop` removes. */
export async function startTestPostgres(): Promise<{ postgres: TestPostgres; stop(): Promise<void> }> {
  const thread = openApiThread(undefined);
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  await chmod(folder, 0o711);
  const cluster = join(folder, "postgres");
  const user = await postgresUser(cluster);
  const secrets = generateSecrets();
  const server = await startPostgres({
    binaries: await preparePostgresBinaries(user, folder),
    cluster,
    user,
    password: secrets.postgresPassword,
    volatile: true,
  });
  const testPostgres = { port: server.port, secrets };
  await makeTemplate(testPostgres, thread);
  return {
    postgres: testPostgres,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A superuser connection to a database of the test server. */
export function superuser(server: TestPostgres, database: string): postgres.Sql {
  return postgres(databaseUrl(server.port, server.secrets.postgresPassword, database), {
    max: 4,
    onnotice: () => undefined,
  });
}

async function makeTemplate(server: TestPostgres, thread: ApiThread): Promise<void> {
  const sql = superuser(server, "postgres");
  await sql.unsafe(`create database ${TEMPLATE}`);
  const api = await thread.serve({
    databaseUrl: databaseUrl(server.port, server.secrets.postgresPassword, TEMPLATE),
    migrationsDir: MIGRATIONS,
    publishableKey: server.secrets.publishableKey,
    secretKey: server.secrets.secretKey,
    jwtSecret: server.secrets.jwtSecret,
    port: 0,
    seed: undefined,
  });
  await api.stop();
  // A template may have no connections; those of the stopped thread linger for a moment.
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${TEMPLATE}`;
  await sql.end();
}

/** Servers of earlier runs that were killed before they could clean up. */
async function removeLeftovers(): Promise<void> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const name of folders) {
    const owner = Number(name.slice(FOLDER_PREFIX.length).split("-")[0]);
    if (!(owner > 0) || isRunning(owner)) continue;
    const folder = join(tmpdir(), name);
    const postmaster = await readPostmaster(join(folder, "postgres"));
    if (postmaster && isRunning(postmaster.pid)) await stopPostmaster(postmaster.pid);
    await rm(folder, { recursive: true, force: true });
  }
}
