import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type PostgresOptions,
  type RunningPostgres,
  startPostgres,
} from "#lib/adapters/embedded-supabase/postgres-process.ts";
import { isAlive, readPostmaster } from "#lib/adapters/embedded-supabase/postmaster.ts";
import { ignoreMissing } from "#lib/adapters/embedded-supabase/system-user.ts";

/** The Postgres of a data folder, which several gateways may share: the one that owns it stops it. */
export type OwnedPostgres = {
  readonly port: number;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Starts it again, on its port if that is free. Throws while its owner, another process, is to do so. */
  restart(): Promise<void>;
  /** Stops it, unless another process on this folder still uses it. */
  stop(): Promise<void>;
};

/** Starts Postgres, or joins the one that runs. Who finds it in use leaves it running; who finds an orphan owns it. */
export async function ownPostgres(folder: string, options: PostgresOptions): Promise<OwnedPostgres> {
  const file = join(folder, "owner.pid");
  const sharing = await otherOwnerLives(file);
  let server: RunningPostgres = await startPostgres(options);
  let owns = false;
  const own = async (): Promise<void> => {
    owns = true;
    await writeFile(file, String(process.pid));
  };
  if (!(server.reused && sharing)) await own();

  const stopAtExit = (): void => {
    if (owns && isAlive(server.pid)) process.kill(server.pid, "SIGINT");
  };
  process.once("exit", stopAtExit);

  return {
    get port() {
      return server.port;
    },
    get pid() {
      return server.pid;
    },
    get isRunning() {
      return isAlive(server.pid);
    },
    async restart() {
      const found = await readPostmaster(options.cluster);
      const isBack = found?.ready === true && isAlive(found.pid);
      if (!owns && !isBack && (await otherOwnerLives(file))) throw new Error("Its owner starts it.");
      server = await startPostgres({ ...options, port: server.port });
      if (!(server.reused && (await otherOwnerLives(file)))) await own();
    },
    async stop() {
      process.off("exit", stopAtExit);
      if (!owns) return;
      await server.stop();
      await rm(file, { force: true });
    },
  };
}

async function otherOwnerLives(file: string): Promise<boolean> {
  const pid = Number(await readFile(file, "utf8").catch(ignoreMissing));
  return pid > 0 && pid !== process.pid && isAlive(pid);
}
