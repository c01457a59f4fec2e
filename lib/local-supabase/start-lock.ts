import { createHash, randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { isRunning, thisProcess } from "#lib/adapters/process-start.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { parseJson } from "#lib/shared/json.ts";

const POLL_MS = 50;
/** A longer wait is announced, milliseconds. */
const QUIET_MS = 2_000;
/** A first start creates the cluster, which takes half a minute on a slow disk. */
const START_TIMEOUT_MS = 90_000;
/** A lock file without a pid for this long is left over from a full disk or an older version, milliseconds. */
const UNREADABLE_MS = 3_000;

const schema = z.object({ pid: z.number(), start: z.string().optional() });

/** Releasing it twice is harmless. */
export type StartLock = { release(): Promise<void> };

/**
 * Waits until no other process starts or stops the embedded Supabase of this folder. Throws
 * `database_unavailable` if one takes too long.
 */
export async function lockStart(folder: string, log: (line: string) => void): Promise<StartLock> {
  const lock = await tryLockStart(folder, START_TIMEOUT_MS, () =>
    log(`Another process is starting the local database in ${folder}; waiting for it.`),
  );
  if (lock !== undefined) return lock;
  throw new GatewayError(
    "database_unavailable",
    `Another process has been starting the local database in ${folder} for ${START_TIMEOUT_MS / 1_000} s. ` +
      `Stop it, or remove ${fileIn(folder)} if there is none.`,
  );
}

/** Undefined if the lock is not free within `timeoutMs`. A lock of a dead process is free. */
export function tryLockStart(
  folder: string,
  timeoutMs: number,
  onWait: () => void = () => undefined,
): Promise<StartLock | undefined> {
  return tryLock(fileIn(folder), timeoutMs, onWait);
}

/**
 * The lock under which the lock file `path` with the content `stale` is cleared. No two lock files have the same
 * content if the first one's process is dead.
 */
function staleClaim(path: string, stale: string): string {
  return `${path}.${createHash("sha256").update(stale).digest("hex").slice(0, 16)}`;
}

async function tryLock(
  path: string,
  timeoutMs: number,
  onWait: () => void = () => undefined,
): Promise<StartLock | undefined> {
  const from = performance.now();
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, `${JSON.stringify(thisProcess())}\n`, { flag: "wx", mode: 0o600 });
  try {
    let isAnnounced = false;
    let unreadableSince: number | undefined;
    while (!(await linkNew(own, path))) {
      const waitedMs = performance.now() - from;
      if (waitedMs > timeoutMs) return undefined;
      if (waitedMs > QUIET_MS && !isAnnounced) {
        isAnnounced = true;
        onWait();
      }
      const found = await readFile(path, "utf8").catch(ignoreMissing);
      if (found === undefined) continue;
      const holder = schema.safeParse(parseJson(found));
      unreadableSince = holder.success ? undefined : (unreadableSince ?? performance.now());
      const isStale = holder.success
        ? !isRunning(holder.data.pid, holder.data.start)
        : performance.now() - (unreadableSince ?? 0) > UNREADABLE_MS;
      if (isStale) await removeStale(path, found, timeoutMs - waitedMs);
      else await pause(POLL_MS);
    }
  } finally {
    await rm(own, { force: true });
  }
  let isHeld = true;
  return {
    async release() {
      if (!isHeld) return;
      isHeld = false;
      await rm(path, { force: true });
    },
  };
}

/** A link appears with its whole content, or not at all: nobody reads a lock file that is half written. */
async function linkNew(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Under a lock of its own, and only what is still the stale one: whoever found it a moment ago must not remove the
 * lock of the process that has come after it.
 */
async function removeStale(path: string, stale: string, timeoutMs: number): Promise<void> {
  const claim = await tryLock(staleClaim(path, stale), timeoutMs);
  if (claim === undefined) return;
  try {
    const found = await readFile(path, "utf8").catch(ignoreMissing);
    if (found === stale) await rm(path, { force: true });
  } finally {
    await claim.release();
  }
}

function fileIn(folder: string): string {
  return join(folder, "start.lock");
}
