import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, thisProcess } from "#lib/adapters/process-start.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";

/** Number of the process, its start if the system tells it, and what tells two of one process apart. */
const NAME = /^(\d+)(?:-(\d+))?\.[0-9a-f]+$/;

/** The place of one user among the processes that use the Postgres of a data folder. */
export type PostgresUser = {
  leave(): void;
  /** Whether others use it, whose processes live. */
  hasOthers(): boolean;
};

/** Notes that this process uses the Postgres of a folder, in a file that its end makes void. Takes void ones away. */
export function joinPostgresUsers(dataFolder: string): PostgresUser {
  const folder = join(dataFolder, "postgres-users");
  const { pid, start } = thisProcess();
  const own = `${pid}${start === undefined ? "" : `-${start}`}.${randomBytes(4).toString("hex")}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of namesIn(folder)) if (!isUser(name)) rmSync(join(folder, name), { force: true });
  writeFileSync(join(folder, own), "", { mode: 0o600 });
  return {
    leave: () => rmSync(join(folder, own), { force: true }),
    hasOthers: () => namesIn(folder).some((name) => name !== own && isUser(name)),
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Somebody has deleted the data while it was used.
    return ignoreMissing(error) ?? [];
  }
}

function isUser(name: string): boolean {
  const [, pid, start] = NAME.exec(name) ?? [];
  return pid !== undefined && isRunning(Number(pid), start);
}
