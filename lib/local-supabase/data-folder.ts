import { createHash } from "node:crypto";
import { access, chmod, constants, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, parse, resolve, sep } from "node:path";
import { makeFolder } from "#lib/adapters/make-folder.ts";
import {
  firstBarrier,
  ignoreMissing,
  postgresUser,
  type SystemUser,
  userName,
} from "#lib/local-supabase/system-user.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type DataFolder = {
  /** Contains everything of the embedded Supabase. */
  path: string;
  /** The Postgres cluster inside it. */
  cluster: string;
  /** The user that Postgres runs as; undefined for the user of this process. */
  user: SystemUser | undefined;
};

export type DataFolderOptions = {
  /**
   * A folder under this one that Postgres cannot reach is replaced by one in the system's temporary directory,
   * which `log` announces. For root's home in development; undefined: never.
   */
  replaceUnder?: string | undefined;
  log: (line: string) => void;
};

/** Why a folder cannot be used, and how to fix it: two sentences without their full stops. */
type Problem = { reason: string; fix: string; unreachable?: boolean };

/** Files of the gateway in the folder: each must belong to this user, or a later step fails half-way. */
const OWN_FILES = [
  "secrets.json",
  "dev-key",
  "demo-password",
  "supabase.json",
  "supabase.log",
  "postgres.log",
  "postgres-users",
  "start.lock",
  // From older releases.
  "owner.pid",
  "journal",
] as const;

/**
 * Opens the data folder. Throws `not_configured`, naming folder, owner and fix, if it cannot be used: another
 * folder would mean a new database, in which no gateway key has been created, so that access would be open.
 */
export async function openDataFolder(wanted: string, options: DataFolderOptions): Promise<DataFolder> {
  const path = resolve(wanted);
  const { folder, problem } = await prepare(path);
  if (problem === undefined) return folder;
  if (!problem.unreachable || !isUnder(path, options.replaceUnder)) throw unusable(path, problem);

  const hash = createHash("sha256").update(path).digest("hex").slice(0, 12);
  const replacement = join(tmpdir(), `sarmalink-${process.getuid?.() ?? "user"}-${hash}`);
  const second = await prepare(replacement);
  if (second.problem !== undefined) throw unusable(replacement, second.problem);
  options.log(
    `${capitalised(problem.reason)}. Development uses ${replacement} instead of ${path}; \`npm start\` would not.`,
  );
  return second.folder;
}

function unusable(path: string, { reason, fix }: Problem): GatewayError {
  return new GatewayError(
    "not_configured",
    `The data folder ${path} cannot be used: ${reason}. ${fix}, or set SARMALINK_DATA_DIR to another folder.`,
  );
}

async function prepare(path: string): Promise<{ folder: DataFolder; problem: Problem | undefined }> {
  const cluster = join(path, "postgres");
  const problem = (await placeProblem(path)) ?? (await ownerProblem(path, cluster));
  const user = problem === undefined ? await postgresUser(cluster) : undefined;
  const folder = { path, cluster, user };
  if (problem !== undefined) return { folder, problem };
  await restrict(path, user);
  return { folder, problem: (await writeProblem(path)) ?? (await reachProblem(path, user)) };
}

/** Creates the folder if it does not exist. */
async function placeProblem(path: string): Promise<Problem | undefined> {
  if (path === parse(path).root) {
    return { reason: "it holds more than this gateway's data", fix: "Name a folder inside it" };
  }
  try {
    makeFolder(path);
    return undefined;
  } catch (error) {
    const existing = await nearestExisting(path);
    const owner = await ownerOf(existing);
    switch (codeOf(error)) {
      case "EEXIST":
      case "ENOTDIR":
        return { reason: `${existing}, which belongs to ${owner}, is not a folder`, fix: "Move it away" };
      case "EACCES":
      case "EPERM":
        return {
          reason: `${await ourName()} may not write to ${existing}, which belongs to ${owner}`,
          fix: `Create it with \`sudo install -d -o ${await ourName()} ${path}\``,
        };
      case "EROFS":
        return { reason: "its file system is read-only", fix: "Mount it for writing" };
      default:
        return { reason: error instanceof Error ? error.message : String(error), fix: "Fix that" };
    }
  }
}

/** A folder of another user, or with parts of another user, holds another database, or an unreadable one. */
async function ownerProblem(path: string, cluster: string): Promise<Problem | undefined> {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  for (const part of [path, ...OWN_FILES.map((name) => join(path, name))]) {
    const found = await stat(part).catch(ignoreMissing);
    if (found !== undefined && found.uid !== uid) return await belongsTo(part, found.uid, path);
  }
  // For root, Postgres runs as another user, who owns the cluster.
  const found = uid === 0 ? undefined : await stat(cluster).catch(ignoreMissing);
  return found !== undefined && found.uid !== uid ? await belongsTo(cluster, found.uid, path) : undefined;
}

async function belongsTo(part: string, uid: number, path: string): Promise<Problem> {
  const [owner, us] = await Promise.all([userName(uid), ourName()]);
  return {
    reason: `${part === path ? "it" : part} belongs to ${owner}, and this process runs as ${us}`,
    fix: `Run as ${owner}, or change the owner with \`sudo chown -R ${us} ${path}\``,
  };
}

/** Lets Postgres enter the folder, and nobody list it. A folder that also has other files stays as it is. */
async function restrict(path: string, user: SystemUser | undefined): Promise<void> {
  // An unreadable folder still belongs to this user: its owner has been checked before.
  const names = await readdir(path).catch(ignoreForbidden);
  const known: readonly string[] = [...OWN_FILES, "postgres", "postgres.new", "native"];
  const isOwn = names.includes("secrets.json") || names.every((name) => known.includes(name));
  if (isOwn) await chmod(path, user === undefined ? 0o700 : 0o711);
}

async function writeProblem(path: string): Promise<Problem | undefined> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (codeOf(error) === "EROFS") {
      return { reason: "its file system is read-only", fix: "Mount it for writing" };
    }
    return {
      reason: `${await ourName()} may not write to it, though it belongs to them`,
      fix: `Allow it with \`chmod u+rwx ${path}\``,
    };
  }
}

async function reachProblem(path: string, user: SystemUser | undefined): Promise<Problem | undefined> {
  const barrier = user === undefined ? undefined : await firstBarrier(path, user);
  if (user === undefined || barrier === undefined) return undefined;
  const [owner, name] = await Promise.all([ownerOf(barrier), userName(user.uid)]);
  return {
    reason: `Postgres does not run as root but as ${name}, who may not enter ${barrier}, which belongs to ${owner}`,
    fix: "Run as an ordinary user",
    unreachable: true,
  };
}

export function isUnder(path: string, folder: string | undefined): boolean {
  return folder !== undefined && (path === folder || path.startsWith(folder + sep));
}

/** The path, or the closest folder or file above it that exists. */
async function nearestExisting(path: string): Promise<string> {
  const parent = dirname(path);
  return (await ownerUid(path)) !== undefined || parent === path ? path : await nearestExisting(parent);
}

async function ownerOf(path: string): Promise<string> {
  const uid = await ownerUid(path);
  return uid === undefined ? "an unknown user" : await userName(uid);
}

async function ownerUid(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch {
    // It does not exist, or is in a folder that this user may not enter.
    return undefined;
  }
}

function ignoreForbidden(error: unknown): string[] {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return [];
  throw error;
}

function ourName(): Promise<string> {
  return userName(process.getuid?.() ?? 0);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
