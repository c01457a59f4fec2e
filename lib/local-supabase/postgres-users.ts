import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, thisProcess } from "#lib/adapters/process-start.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";

/** Pid, start time of the process if known, and a random part, since a process may be several users. */
const NAME = /^(\d+)(?:-(\d+))?\.[0-9a-f]+$/;

/** One of the users of the Postgres of a data folder. */
export type PostgresUser = {
  leave(): void;
  /** Whether others use it, whose processes are running. */
  hasOthers(): boolean;
};

/** Registers this process as a user, by a file that counts while it runs, and deletes those of dead ones. */
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
    // The data folder was deleted while it was in use.
    return ignoreMissing(error) ?? [];
  }
}

function isUser(name: string): boolean {
  const [, pid, start] = NAME.exec(name) ?? [];
  return pid !== undefined && isRunning(Number(pid), start);
}
