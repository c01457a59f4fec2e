import { readFile, rename, rm, writeFile } from "node:fs/promises";
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
/** A lock file without a pid for this long is left over: its process writes it at once, milliseconds. */
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
export async function tryLockStart(
  folder: string,
  timeoutMs: number,
  onWait: () => void = () => undefined,
): Promise<StartLock | undefined> {
  const path = fileIn(folder);
  const content = `${JSON.stringify(thisProcess())}\n`;
  const from = performance.now();
  let isAnnounced = false;
  let unreadableSince: number | undefined;
  while (!(await create(path, content))) {
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
    if (isStale) await removeStale(path, found);
    else await pause(POLL_MS);
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

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Renames the file first: another process may have removed it by now, and made its own. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    return ignoreMissing(error);
  }
  const taken = await readFile(aside, "utf8");
  if (taken !== stale) await create(path, taken);
  await rm(aside, { force: true });
}

function fileIn(folder: string): string {
  return join(folder, "start.lock");
}
