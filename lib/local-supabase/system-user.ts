import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A user of the operating system, by number. */
export type SystemUser = { uid: number; gid: number };

/**
 * The user that Postgres runs as, because it refuses root; undefined for the user of this process. An existing
 * cluster keeps its owner; else `postgres` if that user exists, else `nobody`. No user is created.
 */
export async function postgresUser(clusterFolder: string): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const cluster = await stat(clusterFolder).catch(ignoreMissing);
  if (cluster && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid };
  return (await lookUp("postgres")) ?? (await lookUp("nobody")) ?? { uid: 65_534, gid: 65_534 };
}

/** Whether `user` may pass through every existing folder on the way to `path` (and into it). */
export async function canTraverse(path: string, user: SystemUser): Promise<boolean> {
  return (await firstBarrier(path, user)) === undefined;
}

/** The folder closest to `path`, itself included, that `user` may not pass through; undefined if none. */
export async function firstBarrier(path: string, user: SystemUser): Promise<string | undefined> {
  let folder = resolve(path);
  for (;;) {
    const found = await stat(folder).catch(ignoreMissing);
    if (found && (found.mode & searchBit(found, user)) === 0) return folder;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

/** The name of a user; "user" and its number if it has none. */
export async function userName(uid: number): Promise<string> {
  try {
    return (await run("id", ["-un", String(uid)])).stdout.trim();
  } catch {
    // `id` exits with 1 for a number without a name, which is an answer.
    return `user ${uid}`;
  }
}

function searchBit(folder: { uid: number; gid: number }, user: SystemUser): number {
  if (folder.uid === user.uid) return 0o100;
  return folder.gid === user.gid ? 0o010 : 0o001;
}

async function lookUp(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    // `id` exits with 1 for an unknown user, which is an answer.
    return undefined;
  }
}

/** For `.catch`: a missing file is undefined, everything else stays an error. */
export function ignoreMissing(error: unknown): undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
