import { type PostgresOptions, startPostgres } from "#lib/local-supabase/postgres-process.ts";
import { joinPostgresUsers } from "#lib/local-supabase/postgres-users.ts";
import { tryLockStart } from "#lib/local-supabase/start-lock.ts";

/** How long a restart and a stop wait for another process that is starting, milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;

/** The Postgres of a data folder, which several processes may share; the last one stops it. */
export type SharedPostgres = {
  readonly port: number;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Starts it again, on its port if that is free, unless another process has done so. */
  restart(): Promise<void>;
  /** Stops it, unless another process on this folder uses it, or is about to. */
  stop(): Promise<void>;
  /** The same, for a caller that holds the start lock. */
  stopLocked(): Promise<void>;
};

/** Starts Postgres, or joins the one that runs. The caller holds the start lock of the folder. */
export async function sharePostgres(folder: string, options: PostgresOptions): Promise<SharedPostgres> {
  const user = joinPostgresUsers(folder);
  let server = await startPostgres(options).catch((error: unknown) => {
    user.leave();
    throw error;
  });

  const stopAtExit = (): void => {
    user.leave();
    if (!user.hasOthers() && server.isRunning()) process.kill(server.pid, "SIGINT");
  };
  process.once("exit", stopAtExit);

  const stopLocked = async (): Promise<void> => {
    process.off("exit", stopAtExit);
    user.leave();
    if (!user.hasOthers()) await server.stop();
  };

  return {
    get port() {
      return server.port;
    },
    get pid() {
      return server.pid;
    },
    get isRunning() {
      return server.isRunning();
    },
    async restart() {
      const lock = await tryLockStart(folder, LOCK_TIMEOUT_MS);
      if (lock === undefined) throw new Error("Another process is starting it.");
      try {
        server = await startPostgres({ ...options, port: server.port });
      } finally {
        await lock.release();
      }
    },
    async stop() {
      const lock = await tryLockStart(folder, LOCK_TIMEOUT_MS);
      try {
        await stopLocked();
      } finally {
        await lock?.release();
      }
    },
    stopLocked,
  };
}
