import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { removeAddress, writeAddress } from "#lib/adapters/embedded-supabase/address-file.ts";
import { openApiThread } from "#lib/adapters/embedded-supabase/api.ts";
import { openDataFolder } from "#lib/adapters/embedded-supabase/data-folder.ts";
import { preparePostgresBinaries } from "#lib/adapters/embedded-supabase/postgres-binaries.ts";
import { databaseUrl, startPostgres } from "#lib/adapters/embedded-supabase/postgres-process.ts";
import { isAlive } from "#lib/adapters/embedded-supabase/postmaster.ts";
import {
  generateGatewayKey,
  loadSecretFile,
  loadSecrets,
  sha256Hex,
} from "#lib/adapters/embedded-supabase/secrets.ts";
import { ignoreMissing } from "#lib/adapters/embedded-supabase/system-user.ts";

export const DEMO_EMAIL = "demo@sarmalink.local";

export type EmbeddedSupabaseOptions = {
  /** Where data and secrets live. */
  dataDir: string;
  /** See openDataFolder: the one place in which another folder may be used. */
  replaceUnder?: string | undefined;
  migrationsDir: string;
  /** Port of the API; a free one by default, and when it is taken. */
  port?: number | undefined;
  /** For the few lines that an operator should see. */
  log: (line: string) => void;
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
  /** Pid of Postgres. */
  postgresPid: number;
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
  const [secrets, gatewayKey, password, binaries, sharing] = await Promise.all([
    loadSecrets(folder.path),
    loadSecretFile(join(folder.path, "dev-key"), generateGatewayKey),
    loadSecretFile(join(folder.path, "demo-password"), () => randomBytes(12).toString("base64url")),
    preparePostgresBinaries(folder.user, folder.path),
    otherOwnerLives(folder.path),
  ]);
  const thread = openApiThread(join(folder.path, "supabase.log"));
  const postgres = await startPostgres({
    binaries,
    cluster: folder.cluster,
    user: folder.user,
    password: secrets.postgresPassword,
  }).catch(async (error: unknown) => {
    await thread.stop();
    throw error;
  });
  // Who found a server in use leaves it running; who found an orphan owns it from now on.
  const owns = !(postgres.reused && sharing);
  if (owns) await writeFile(ownerFile(folder.path), String(process.pid));
  const stopAtExit = (): void => {
    if (owns && isAlive(postgres.pid)) process.kill(postgres.pid, "SIGINT");
  };
  process.once("exit", stopAtExit);
  const stopPostgres = async (): Promise<void> => {
    process.off("exit", stopAtExit);
    if (!owns) return;
    await postgres.stop();
    await rm(ownerFile(folder.path), { force: true });
  };

  const database = databaseUrl(postgres.port, secrets.postgresPassword);
  try {
    const api = await thread.serve({
      databaseUrl: database,
      migrationsDir: resolve(options.migrationsDir),
      publishableKey: secrets.publishableKey,
      secretKey: secrets.secretKey,
      jwtSecret: secrets.jwtSecret,
      port: options.port ?? 0,
      seed: {
        email: DEMO_EMAIL,
        password,
        keyHash: sha256Hex(gatewayKey),
        keyPrefix: gatewayKey.slice(0, 17),
      },
    });
    await writeAddress(folder.path, {
      url: api.url,
      publishableKey: secrets.publishableKey,
      email: DEMO_EMAIL,
      pid: process.pid,
    });
    return {
      url: api.url,
      publishableKey: secrets.publishableKey,
      secretKey: secrets.secretKey,
      jwtSecret: secrets.jwtSecret,
      dataDir: folder.path,
      gatewayKey,
      demo: { email: DEMO_EMAIL, password },
      databaseUrl: database,
      postgresPid: postgres.pid,
      async stop() {
        await removeAddress(folder.path);
        await api.stop();
        await stopPostgres();
      },
    };
  } catch (error) {
    await thread.stop();
    await stopPostgres();
    throw error;
  }
}

function ownerFile(folder: string): string {
  return join(folder, "owner.pid");
}

async function otherOwnerLives(folder: string): Promise<boolean> {
  const pid = Number(await readFile(ownerFile(folder), "utf8").catch(ignoreMissing));
  return pid > 0 && pid !== process.pid && isAlive(pid);
}
