import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, type ProcessStart, processStart } from "#lib/adapters/process-start.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";

/** The lock file that a running Postgres writes into its cluster. */
export type Postmaster = { pid: number; port: number; ready: boolean };

/** The postmaster in the cluster's lock file, which may be dead. */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(ignoreMissing);
  if (text === undefined) return undefined;
  // Line 1 pid, line 4 port, line 8 status (documented in Postgres' "Storage layout").
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!(pid > 0) || !(port > 0)) return undefined;
  return { pid, port, ready: lines[7] === "ready" };
}

/** Whether `condition` came true within `milliseconds`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(15);
  }
  return true;
}

/**
 * Stops a postmaster (fast shutdown: clients are disconnected), then immediately. False if it still runs.
 * @param pid must have been verified to be a postmaster.
 */
export async function stopPostmaster(pid: number, start: ProcessStart = processStart(pid)): Promise<boolean> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (!isRunning(pid, start)) return true;
    process.kill(pid, signal);
    if (await eventually(() => !isRunning(pid, start), 8000)) return true;
  }
  return false;
}
