import { execFile, spawn } from "node:child_process";
import { chown, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { isRunning, processStart } from "#lib/adapters/process-start.ts";
import { embeddedUnavailable } from "#lib/local-supabase/missing-dependencies.ts";
import type { PostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import {
  eventually,
  type Postmaster,
  readPostmaster,
  stopPostmaster,
} from "#lib/local-supabase/postmaster.ts";
import { ignoreMissing, type SystemUser } from "#lib/local-supabase/system-user.ts";

const run = promisify(execFile);

export type PostgresOptions = {
  binaries: PostgresBinaries;
  /** Folder of the cluster; created if it does not exist. */
  cluster: string;
  user: SystemUser | undefined;
  /** Password of the superuser `postgres`. */
  password: string;
  /** Port to listen on, if it is free. */
  port?: number | undefined;
  /** True trades crash safety for speed; for tests. */
  volatile?: boolean | undefined;
};

export type RunningPostgres = {
  port: number;
  pid: number;
  /** Whether it still runs, and not another process with its pid. */
  isRunning(): boolean;
  /** Stops the server, also one that another process started. */
  stop(): Promise<void>;
};

/** Address of a database of a local server, as its superuser. */
export function databaseUrl(port: number, password: string, database = "postgres"): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/**
 * Starts Postgres on the cluster, which is created first if necessary, or takes over the server that a killed
 * process left running on it. Throws `not_configured` if the binaries cannot run here.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const existing = await readPostmaster(options.cluster);
  if (existing && isRunning(existing.pid)) {
    const server = await takeOver(options.cluster, existing);
    if (server) return server;
  }
  const initialised = await readFile(join(options.cluster, "PG_VERSION")).catch(ignoreMissing);
  if (initialised === undefined) await initialiseCluster(options);
  return await launch(options);
}

/** Undefined if the process of the lock file is not this Postgres, because its pid has been reused. */
async function takeOver(cluster: string, existing: Postmaster): Promise<RunningPostgres | undefined> {
  const command = await commandLine(existing.pid);
  if (command !== undefined && !command.includes(cluster)) {
    // Postgres would only see that the pid is in use, and refuse to start.
    await rm(join(cluster, "postmaster.pid"), { force: true });
    return undefined;
  }
  // It may be recovering or shutting down.
  const settled = await eventually(
    async () => !isRunning(existing.pid) || (await readPostmaster(cluster))?.ready === true,
    10_000,
  );
  if (!isRunning(existing.pid)) return undefined;
  if (settled) return runningServer(existing.pid, existing.port);
  if (!(await stopPostmaster(existing.pid))) {
    throw new Error(`A Postgres (pid ${existing.pid}) hangs on ${cluster}; stop it and start again.`);
  }
  return undefined;
}

/** The command line of a process; undefined if it cannot be read. */
async function commandLine(pid: number): Promise<string | undefined> {
  try {
    return (await run("ps", ["-o", "args=", "-p", String(pid)])).stdout;
  } catch {
    // Without `ps` (Windows, slim images), Linux has /proc; elsewhere the lock file is trusted.
    return await readFile(`/proc/${pid}/cmdline`, "utf8").catch(ignoreMissing);
  }
}

/** Creates the cluster elsewhere and renames it, so that an interrupted initdb leaves no half cluster. */
async function initialiseCluster({
  binaries,
  cluster,
  user,
  password,
  volatile,
}: PostgresOptions): Promise<void> {
  const aside = `${cluster}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const passwordFile = join(aside, "password");
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) {
    await chown(passwordFile, user.uid, user.gid);
    await chown(aside, user.uid, user.gid);
  }
  const flags = [
    `--pgdata=${join(aside, "data")}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // Independent of the locales of the machine.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    ...(volatile ? ["--no-sync"] : []),
  ];
  try {
    await run(binaries.initdb, flags, { ...user, cwd: aside });
  } catch (error) {
    const detail = (error as { stderr?: unknown }).stderr;
    throw embeddedUnavailable(`initdb failed: ${String(detail ?? error).trim()}`, error);
  }
  await rename(join(aside, "data"), cluster);
  await rm(aside, { recursive: true, force: true });
}

async function launch(options: PostgresOptions): Promise<RunningPostgres> {
  for (let attempt = 1; ; attempt++) {
    const wanted = attempt === 1 ? options.port : undefined;
    const server = await launchOn(wanted ?? (await freePort()), options);
    if (server) return server;
    // Most likely another process took the port between finding and using it.
    if (attempt === 3) {
      const log = await readFile(logFile(options.cluster), "utf8").catch(ignoreMissing);
      throw embeddedUnavailable(`Postgres does not start: ${log?.trim().split("\n").at(-1) ?? "no log"}`);
    }
  }
}

async function launchOn(
  port: number,
  { binaries, cluster, user, volatile }: PostgresOptions,
): Promise<RunningPostgres | undefined> {
  // A file, not a pipe: the server may outlive this process, and writing to a closed pipe would kill it.
  const log = await open(logFile(cluster), "w", 0o600);
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    max_connections: 200,
    ...(volatile ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
  };
  const child = spawn(
    binaries.postgres,
    ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    // Detached, because Ctrl-C reaches the whole process group, and the gateway still has turns to settle.
    { ...user, cwd: cluster, detached: true, stdio: ["ignore", log.fd, log.fd] },
  );
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  child.once("error", () => {
    gone = true;
  });
  child.unref();
  // The lock file of a killed server says "ready" until the new one has written its own.
  const isReady = async (): Promise<boolean> => {
    const postmaster = await readPostmaster(cluster);
    return postmaster?.pid === child.pid && postmaster?.ready === true;
  };
  await eventually(async () => gone || (await isReady()), 30_000);
  await log.close();
  if (gone || child.pid === undefined) return undefined;
  return runningServer(child.pid, port);
}

function runningServer(pid: number, port: number): RunningPostgres {
  const start = processStart(pid);
  return {
    port,
    pid,
    isRunning: () => isRunning(pid, start),
    async stop() {
      if (!(await stopPostmaster(pid, start))) throw new Error(`Postgres (pid ${pid}) does not stop.`);
    },
  };
}

function logFile(cluster: string): string {
  return join(dirname(cluster), "postgres.log");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("No free port."));
      });
    });
  });
}
