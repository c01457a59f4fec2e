import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isRunning } from "#lib/adapters/process-start.ts";
import { type EmbeddedAddress, readAddress } from "#lib/local-supabase/address-file.ts";
import { type DataFolder, isUnder, openDataFolder } from "#lib/local-supabase/data-folder.ts";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import { eventually, type Postmaster, readPostmaster } from "#lib/local-supabase/postmaster.ts";
import { loadSecrets } from "#lib/local-supabase/secrets.ts";
import {
  type EmbeddedSupabase,
  type EmbeddedSupabaseOptions,
  startLocked,
} from "#lib/local-supabase/start.ts";
import { lockStart } from "#lib/local-supabase/start-lock.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";
import { DEMO_EMAIL } from "#lib/services/identity/accounts.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** If Postgres has died, its gateway starts it again, and a command waits for that; milliseconds. */
const MAX_CONNECTS = 20;
const CONNECT_PAUSE_MS = 500;
const POSTGRES_TIMEOUT_MS = 15_000;

export type ConnectOptions = EmbeddedSupabaseOptions & {
  /** Whether to create a database if the folder has none. */
  mayCreate: boolean;
};

export type EmbeddedConnection = Pick<
  EmbeddedSupabase,
  "url" | "publishableKey" | "secretKey" | "dataDir"
> & {
  /** Whether it belongs to a running gateway. */
  isOfGateway: boolean;
  /** The id of the user with this e-mail address, by default the demo user; undefined when there is none. */
  findUser(email?: string): Promise<string | undefined>;
  close(): Promise<void>;
};

/**
 * The embedded Supabase of a data folder: the running one, or one that is started until it is closed. Undefined
 * if there is none and none may be created.
 */
export async function connectEmbeddedSupabase(
  options: ConnectOptions,
): Promise<EmbeddedConnection | undefined> {
  if (!options.mayCreate && !(await mayHaveDatabase(options))) return undefined;
  const folder = await openDataFolder(options.dataDir, options);
  // Waits for a gateway that is being started.
  const lock = await lockStart(folder.path, options.log);
  try {
    const address = await readAddress(folder.path);
    if (address === undefined) {
      const mayStart = options.mayCreate || (await exists(join(folder.cluster, "PG_VERSION")));
      return mayStart ? await startForCommand(folder, options) : undefined;
    }
    // Released, because the gateway may have to start Postgres again.
    await lock.release();
    return await connectTo(folder, address);
  } finally {
    await lock.release();
  }
}

async function connectTo(folder: DataFolder, address: EmbeddedAddress): Promise<EmbeddedConnection> {
  const secrets = await loadSecrets(folder.path);
  await runningPostmaster(folder);
  return {
    url: address.url,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    dataDir: folder.path,
    isOfGateway: true,
    findUser: (email) => findUserOf(folder, secrets.postgresPassword, email),
    close: () => Promise.resolve(),
  };
}

/** Tries again, because a Postgres that has just died looks alive for a moment. Its gateway restarts it. */
async function findUserOf(
  folder: DataFolder,
  password: string,
  email: string | undefined,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { port } = await runningPostmaster(folder);
    try {
      return await findUser(databaseUrl(port, password), email);
    } catch (error) {
      if (attempt === MAX_CONNECTS || !isConnectionError(error)) throw error;
      await pause(CONNECT_PAUSE_MS);
    }
  }
}

/** Codes of the system, of the driver, and of a Postgres that starts or stops (class 57P). */
function isConnectionError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:ECONN|EPIPE|CONNECT|57P)/.test(code);
}

async function startForCommand(
  folder: DataFolder,
  options: EmbeddedSupabaseOptions,
): Promise<EmbeddedConnection> {
  const started = await startLocked(folder, options, true);
  const { url, publishableKey, secretKey, dataDir } = started;
  return {
    url,
    publishableKey,
    secretKey,
    dataDir,
    isOfGateway: false,
    findUser: (email) => findUser(started.databaseUrl, email),
    close: () => started.stop(),
  };
}

async function runningPostmaster({ path, cluster }: DataFolder): Promise<Postmaster> {
  let found: Postmaster | undefined;
  const isReady = async (): Promise<boolean> => {
    found = await readPostmaster(cluster);
    return found?.ready === true && isRunning(found.pid);
  };
  if ((await eventually(isReady, POSTGRES_TIMEOUT_MS)) && found !== undefined) return found;
  throw new GatewayError(
    "database_unavailable",
    `A gateway runs on ${path}, but its database does not answer. Try again, or restart the gateway.`,
  );
}

/** Checked before the folder is opened, which would create it. */
async function mayHaveDatabase({ dataDir, replaceUnder }: ConnectOptions): Promise<boolean> {
  return isUnder(resolve(dataDir), replaceUnder) || (await exists(resolve(dataDir)));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

async function findUser(database: string, email = DEMO_EMAIL): Promise<string | undefined> {
  const { default: postgres } = await import("postgres");
  const sql = postgres(database, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ id: string }[]>`
      select id from auth.users where lower(email) = ${email.toLowerCase()}`;
    return rows[0]?.id;
  } finally {
    await sql.end();
  }
}
