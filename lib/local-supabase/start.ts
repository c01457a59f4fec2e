import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readAddress, removeAddress, writeAddress } from "#lib/local-supabase/address-file.ts";
import { openApiThread } from "#lib/local-supabase/api.ts";
import type { ApiRequest } from "#lib/local-supabase/api-messages.ts";
import { type DataFolder, openDataFolder } from "#lib/local-supabase/data-folder.ts";
import { keepRunning } from "#lib/local-supabase/keep-running.ts";
import { preparePostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import { RestartableApi } from "#lib/local-supabase/restartable-api.ts";
import {
  type EmbeddedSecrets,
  generateGatewayKey,
  loadSecretFile,
  loadSecrets,
  sha256Hex,
} from "#lib/local-supabase/secrets.ts";
import { type SharedPostgres, sharePostgres } from "#lib/local-supabase/shared-postgres.ts";
import { lockStart } from "#lib/local-supabase/start-lock.ts";
import { DEMO_EMAIL } from "#lib/services/identity/accounts.ts";
import type { Logger } from "#lib/services/ports.ts";

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export type EmbeddedSupabaseOptions = {
  /** The folder for data and secrets. */
  dataDir: string;
  /** See `DataFolderOptions`. */
  replaceUnder?: string | undefined;
  migrationsDir: string;
  /** Port of the API; a free one by default, and if it is in use. */
  port?: number | undefined;
  /** Prints a line for the operator at start. */
  log: (line: string) => void;
  /** For what happens to the database later; not logged without it. */
  logger?: Logger | undefined;
};

export type EmbeddedSupabase = {
  /** For NEXT_PUBLIC_SUPABASE_URL. */
  url: string;
  /** For NEXT_PUBLIC_SUPABASE_ANON_KEY. */
  publishableKey: string;
  /** For SUPABASE_SERVICE_ROLE_KEY. */
  secretKey: string;
  /** For SUPABASE_JWT_SECRET: access tokens are HS256. */
  jwtSecret: string;
  /** The folder in use. */
  dataDir: string;
  /** A gateway key of the demo user, the same on every run; also in `<dataDir>/dev-key`. */
  gatewayKey: string;
  /** The user who can sign in; the password is random and also in `<dataDir>/demo-password`. */
  demo: { email: string; password: string };
  /** The database itself, as superuser. */
  databaseUrl: string;
  /** Pid of Postgres, which changes when it is started again. */
  readonly postgresPid: number;
  /** Stops the API, and Postgres unless another process on this folder still uses it. */
  stop(): Promise<void>;
};

/**
 * Starts a complete Supabase (Postgres 17, data API, auth) on loopback from npm packages alone.
 *
 * Data, keys and the local gateway key stay the same between runs on one folder. A Postgres that still runs
 * after a kill -9 is taken over. Throws `not_configured`, naming the environment variables, if the packages are
 * absent or cannot run.
 */
export async function startEmbeddedSupabase(options: EmbeddedSupabaseOptions): Promise<EmbeddedSupabase> {
  const folder = await openDataFolder(options.dataDir, options);
  const lock = await lockStart(folder.path, options.log);
  try {
    return await startLocked(folder, options);
  } finally {
    await lock.release();
  }
}

/**
 * The same, in a folder that is open and whose start lock the caller holds.
 * @param isForCommand it serves one command alone: its address is not published, and it begins no log.
 */
export async function startLocked(
  folder: DataFolder,
  options: EmbeddedSupabaseOptions,
  isForCommand = false,
): Promise<EmbeddedSupabase> {
  const { logger = SILENT } = options;
  const [identity, binaries] = await Promise.all([
    loadIdentity(folder.path),
    preparePostgresBinaries(folder.user, folder.path),
  ]);
  // Another gateway on this folder has published its address, and writes its log.
  const isFirst = !isForCommand && (await readAddress(folder.path)) === undefined;
  const log = isForCommand ? undefined : { file: join(folder.path, "supabase.log"), logger };
  if (log !== undefined && isFirst) await rm(log.file, { force: true });
  const thread = openApiThread(log);
  const postgres = await sharePostgres(folder.path, {
    binaries,
    cluster: folder.cluster,
    user: folder.user,
    password: identity.secrets.postgresPassword,
  }).catch(async (error: unknown) => {
    await thread.stop();
    throw error;
  });
  const api = new RestartableApi(thread, {
    openThread: () => openApiThread(log),
    databasePort: () => postgres.port,
    request: (databasePort, port) => apiRequest(identity, options.migrationsDir, databasePort, port),
  });
  try {
    const url = await api.serve(options.port ?? 0);
    if (isFirst) {
      const { publishableKey } = identity.secrets;
      await writeAddress(folder.path, { url, publishableKey, email: DEMO_EMAIL });
    }
    return running(folder.path, { identity, postgres, api, url, logger, isFirst });
  } catch (error) {
    await api.stop();
    await postgres.stopLocked();
    throw error;
  }
}

/** The secrets of a data folder. */
type Identity = { secrets: EmbeddedSecrets; gatewayKey: string; password: string };

async function loadIdentity(folder: string): Promise<Identity> {
  const [secrets, gatewayKey, password] = await Promise.all([
    loadSecrets(folder),
    loadSecretFile(join(folder, "dev-key"), generateGatewayKey),
    loadSecretFile(join(folder, "demo-password"), () => randomBytes(12).toString("base64url")),
  ]);
  return { secrets, gatewayKey, password };
}

function apiRequest(
  { secrets, gatewayKey, password }: Identity,
  migrationsDir: string,
  databasePort: number,
  port: number,
): ApiRequest {
  return {
    databaseUrl: databaseUrl(databasePort, secrets.postgresPassword),
    migrationsDir: resolve(migrationsDir),
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    jwtSecret: secrets.jwtSecret,
    port,
    seed: {
      email: DEMO_EMAIL,
      password,
      keyHash: sha256Hex(gatewayKey),
      keyPrefix: gatewayKey.slice(0, 17),
    },
  };
}

type Parts = {
  identity: Identity;
  postgres: SharedPostgres;
  api: RestartableApi;
  url: string;
  logger: Logger;
  /** This process published the address. */
  isFirst: boolean;
};

/** Everything has started: keeps it running from now on. */
function running(folder: string, { identity, postgres, api, url, logger, isFirst }: Parts): EmbeddedSupabase {
  const { secrets, gatewayKey, password } = identity;
  const watchers = [
    keepRunning({
      name: "The local Postgres",
      logger,
      isRunning: () => postgres.isRunning,
      restart: postgres.restart,
    }),
    keepRunning({
      name: "The API of the local Supabase",
      logger,
      isRunning: () => api.isRunning,
      restart: () => api.restart(url),
    }),
  ];
  return {
    url,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    jwtSecret: secrets.jwtSecret,
    dataDir: folder,
    gatewayKey,
    demo: { email: DEMO_EMAIL, password },
    databaseUrl: databaseUrl(postgres.port, secrets.postgresPassword),
    get postgresPid() {
      return postgres.pid;
    },
    async stop() {
      await Promise.all(watchers.map((watcher) => watcher.stop()));
      if (isFirst) await removeAddress(folder);
      await api.stop();
      await postgres.stop();
    },
  };
}
