import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readAddress, removeAddress, writeAddress } from "#lib/local-supabase/address-file.ts";
import { openApiThread, type RunningApi } from "#lib/local-supabase/api.ts";
import { type DataFolder, openDataFolder } from "#lib/local-supabase/data-folder.ts";
import { keepRunning } from "#lib/local-supabase/keep-running.ts";
import { preparePostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import { generateGatewayKey, loadSecretFile, loadSecrets, sha256Hex } from "#lib/local-supabase/secrets.ts";
import { sharePostgres } from "#lib/local-supabase/shared-postgres.ts";
import { lockStart } from "#lib/local-supabase/start-lock.ts";
import type { Logger } from "#lib/services/ports.ts";

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const DEMO_EMAIL = "demo@sarmalink.local";

export type EmbeddedSupabaseOptions = {
  /** Where data and secrets live. */
  dataDir: string;
  /** See openDataFolder: the one place in which another folder may be used. */
  replaceUnder?: string | undefined;
  migrationsDir: string;
  /** Port of the API; a free one by default, and when it is taken. */
  port?: number | undefined;
  /** For the few lines that an operator should see at start. */
  log: (line: string) => void;
  /** For what happens to the database later; nobody is told without it. */
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
  /** Who can sign in; the password is random and also in `<dataDir>/demo-password`. */
  demo: { email: string; password: string };
  /** The database itself, as superuser. */
  databaseUrl: string;
  /** Pid of Postgres, which changes when it had to be started again. */
  readonly postgresPid: number;
  /** Stops the API, and Postgres unless another process on this folder still uses it. */
  stop(): Promise<void>;
};

/**
 * Starts a complete Supabase (Postgres 17, data API, auth) on loopback from npm packages alone.
 *
 * Data, keys and the local gateway key stay the same between runs on one folder. After a kill -9 the
 * Postgres that was left running is taken over. Throws `not_configured`, naming the environment
 * variables, where the packages are absent or cannot run.
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
 * @param isForCommand it serves one command alone: nobody else is told of it, and it begins no log.
 */
export async function startLocked(
  folder: DataFolder,
  options: EmbeddedSupabaseOptions,
  isForCommand = false,
): Promise<EmbeddedSupabase> {
  const { logger = SILENT } = options;
  const [secrets, gatewayKey, password, binaries] = await Promise.all([
    loadSecrets(folder.path),
    loadSecretFile(join(folder.path, "dev-key"), generateGatewayKey),
    loadSecretFile(join(folder.path, "demo-password"), () => randomBytes(12).toString("base64url")),
    preparePostgresBinaries(folder.user, folder.path),
  ]);
  // Another gateway on this folder has told its address, and writes its log.
  const isFirst = !isForCommand && (await readAddress(folder.path)) === undefined;
  const log = isForCommand ? undefined : { file: join(folder.path, "supabase.log"), logger };
  if (log !== undefined && isFirst) await rm(log.file, { force: true });
  let thread = openApiThread(log);
  const postgres = await sharePostgres(folder.path, {
    binaries,
    cluster: folder.cluster,
    user: folder.user,
    password: secrets.postgresPassword,
  }).catch(async (error: unknown) => {
    await thread.stop();
    throw error;
  });

  let databasePort = postgres.port;
  const serve = (port: number): Promise<RunningApi> => {
    databasePort = postgres.port;
    return thread.serve({
      databaseUrl: databaseUrl(databasePort, secrets.postgresPassword),
      migrationsDir: resolve(options.migrationsDir),
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
    });
  };
  try {
    const { url } = await serve(options.port ?? 0);
    if (isFirst) {
      await writeAddress(folder.path, {
        url,
        publishableKey: secrets.publishableKey,
        email: DEMO_EMAIL,
      });
    }
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
        isRunning: () => thread.isRunning && databasePort === postgres.port,
        // At the same address: the gateway knows no other.
        restart: async () => {
          await thread.stop();
          thread = openApiThread(log);
          const again = await serve(Number(new URL(url).port));
          if (again.url !== url) throw new Error(`Another process listens at ${url}.`);
        },
      }),
    ];
    return {
      url,
      publishableKey: secrets.publishableKey,
      secretKey: secrets.secretKey,
      jwtSecret: secrets.jwtSecret,
      dataDir: folder.path,
      gatewayKey,
      demo: { email: DEMO_EMAIL, password },
      databaseUrl: databaseUrl(postgres.port, secrets.postgresPassword),
      get postgresPid() {
        return postgres.pid;
      },
      async stop() {
        await Promise.all(watchers.map((watcher) => watcher.stop()));
        if (isFirst) await removeAddress(folder.path);
        await thread.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await thread.stop();
    await postgres.stopLocked();
    throw error;
  }
}
