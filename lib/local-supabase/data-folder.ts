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
  /** Where everything of the embedded Supabase lives. */
  path: string;
  /** The Postgres cluster inside it. */
  cluster: string;
  /** As whom Postgres runs; undefined for ourselves. */
  user: SystemUser | undefined;
};

export type DataFolderOptions = {
  /**
   * A folder under this one that Postgres cannot reach is replaced by one under the system's temporary
   * directory, which `log` announces. For root's own home in development; undefined: never.
   */
  replaceUnder?: string | undefined;
  log: (line: string) => void;
};

/** Why a folder cannot be used, and what to do about it: two sentences without their full stops. */
type Problem = { reason: string; cure: string; unreachable?: boolean };

/** What we put into the folder: each must be ours, or a later step fails half-way. */
const OURS = [
  "secrets.json",
  "dev-key",
  "demo-password",
  "supabase.json",
  "supabase.log",
  "postgres.log",
  "postgres-users",
  "start.lock",
  // Of older releases.
  "owner.pid",
  "journal",
] as const;

/**
 * Opens the data folder. Throws `not_configured`, naming folder, owner and cure, when it cannot be used:
 * another folder in its place would be a new database, in which no gateway key has ever been made.
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

function unusable(path: string, { reason, cure }: Problem): GatewayError {
  return new GatewayError(
    "not_configured",
    `The data folder ${path} cannot be used: ${reason}. ${cure}, or set SARMALINK_DATA_DIR to another folder.`,
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

/** Makes the folder if it is not there. */
async function placeProblem(path: string): Promise<Problem | undefined> {
  if (path === parse(path).root) {
    return { reason: "it holds more than this gateway's data", cure: "Name a folder inside it" };
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
        return { reason: `${existing}, which belongs to ${owner}, is not a folder`, cure: "Move it away" };
      case "EACCES":
      case "EPERM":
        return {
          reason: `${await ourName()} may not write to ${existing}, which belongs to ${owner}`,
          cure: `Make it with \`sudo install -d -o ${await ourName()} ${path}\``,
        };
      case "EROFS":
        return { reason: "its file system is read-only", cure: "Mount it for writing" };
      default:
        return { reason: error instanceof Error ? error.message : String(error), cure: "Mend that" };
    }
  }
}

/** Whoever else owns the folder, or a part of it, has another database, or none that we can read. */
async function ownerProblem(path: string, cluster: string): Promise<Problem | undefined> {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  for (const part of [path, ...OURS.map((name) => join(path, name))]) {
    const found = await stat(part).catch(ignoreMissing);
    if (found !== undefined && found.uid !== uid) return await belongsTo(part, found.uid, path);
  }
  // Root's Postgres runs as somebody else, who owns the cluster.
  const found = uid === 0 ? undefined : await stat(cluster).catch(ignoreMissing);
  return found !== undefined && found.uid !== uid ? await belongsTo(cluster, found.uid, path) : undefined;
}

async function belongsTo(part: string, uid: number, path: string): Promise<Problem> {
  const [owner, us] = await Promise.all([userName(uid), ourName()]);
  return {
    reason: `${part === path ? "it" : part} belongs to ${owner}, and this process runs as ${us}`,
    cure: `Run as ${owner}, or hand it over with \`sudo chown -R ${us} ${path}\``,
  };
}

/** Postgres has to pass through, nobody has to look inside. A folder that others use as well stays as it is. */
async function restrict(path: string, user: SystemUser | undefined): Promise<void> {
  // One that we may not read is our own all the same: its owner was asked for before.
  const names = await readdir(path).catch(ignoreForbidden);
  const known: readonly string[] = [...OURS, "postgres", "postgres.new", "native"];
  const isOurs = names.includes("secrets.json") || names.every((name) => known.includes(name));
  if (isOurs) await chmod(path, user === undefined ? 0o700 : 0o711);
}

async function writeProblem(path: string): Promise<Problem | undefined> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (codeOf(error) === "EROFS") {
      return { reason: "its file system is read-only", cure: "Mount it for writing" };
    }
    return {
      reason: `${await ourName()} may not write to it, though it belongs to them`,
      cure: `Allow it with \`chmod u+rwx ${path}\``,
    };
  }
}

async function reachProblem(path: string, user: SystemUser | undefined): Promise<Problem | undefined> {
  const barrier = user === undefined ? undefined : await firstBarrier(path, user);
  if (user === undefined || barrier === undefined) return undefined;
  const [owner, name] = await Promise.all([ownerOf(barrier), userName(user.uid)]);
  return {
    reason: `Postgres does not run as root but as ${name}, who may not enter ${barrier}, which belongs to ${owner}`,
    cure: "Run as an ordinary user",
    unreachable: true,
  };
}

export function isUnder(path: string, folder: string | undefined): boolean {
  return folder !== undefined && (path === folder || path.startsWith(folder + sep));
}

/** The path, or the closest folder or file above it that is there. */
async function nearestExisting(path: string): Promise<string> {
  const parent = dirname(path);
  return (await ownerUid(path)) !== undefined || parent === path ? path : await nearestExisting(parent);
}

async function ownerOf(path: string): Promise<string> {
  const uid = await ownerUid(path);
  return uid === undefined ? "nobody that this process may know" : await userName(uid);
}

async function ownerUid(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch {
    // Not there, or in a folder that is closed to us: the one above it will tell.
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
