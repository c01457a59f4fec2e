import { createHash } from "node:crypto";
import { chmod, mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { canTraverse, postgresUser, type SystemUser } from "#lib/adapters/embedded-supabase/system-user.ts";

export type DataFolder = {
  /** Where everything of the embedded Supabase lives. */
  path: string;
  /** The Postgres cluster inside it. */
  cluster: string;
  /** As whom Postgres runs; undefined for ourselves. */
  user: SystemUser | undefined;
};

/**
 * Opens the data folder, or, where Postgres could not reach the wanted one (under a 0700 home of
 * root) or it cannot be written, a folder of the same name every time under the system's temporary
 * directory, which `log` announces.
 */
export async function openDataFolder(wanted: string, log: (line: string) => void): Promise<DataFolder> {
  const path = resolve(wanted);
  const user = await postgresUser(join(path, "postgres"));
  const failure = await prepare(path, user);
  if (failure === undefined) return { path, cluster: join(path, "postgres"), user };

  const hash = createHash("sha256").update(path).digest("hex").slice(0, 12);
  const fallback = join(tmpdir(), `sarmalink-${process.getuid?.() ?? "user"}-${hash}`);
  const fallbackUser = await postgresUser(join(fallback, "postgres"));
  const secondFailure = await prepare(fallback, fallbackUser);
  if (secondFailure !== undefined) {
    throw new Error(`No usable data folder: ${path}: ${failure}; ${fallback}: ${secondFailure}`);
  }
  log(`Data folder ${path} cannot be used (${failure}); using ${fallback}`);
  return { path: fallback, cluster: join(fallback, "postgres"), user: fallbackUser };
}

/** Makes the folder usable; answers why it is not. */
async function prepare(path: string, user: SystemUser | undefined): Promise<string | undefined> {
  try {
    await mkdir(path, { recursive: true });
    // In a shared temporary directory somebody else may have made "our" folder first.
    const uid = process.getuid?.();
    if (uid !== undefined && (await stat(path)).uid !== uid) return "it belongs to another user";
    // Postgres has to pass through, nobody has to look inside.
    await chmod(path, user === undefined ? 0o700 : 0o711);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (user !== undefined && !(await canTraverse(path, user))) return "Postgres cannot reach it";
  return undefined;
}
