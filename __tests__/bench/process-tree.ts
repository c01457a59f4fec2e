import { readdir, readFile } from "node:fs/promises";

/** The kernel counts in hundredths of a second, whatever its own clock does. */
const MICROSECONDS_A_TICK = 10_000;

type Process = { pid: number; parent: number; ticks: number };

/**
 * CPU that a process and all that came from it have used, microseconds, children that have ended included.
 * Reads /proc: on systems without one it throws.
 */
export async function treeCpu(root: number): Promise<number> {
  const processes = await readProcesses();
  const byParent = Map.groupBy(processes, ({ parent }) => parent);
  let ticks = 0;
  const visit = (process: Process): void => {
    ticks += process.ticks;
    for (const child of byParent.get(process.pid) ?? []) visit(child);
  };
  for (const process of processes) if (process.pid === root) visit(process);
  return ticks * MICROSECONDS_A_TICK;
}

async function readProcesses(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readProcess));
  return found.flatMap((process) => process ?? []);
}

/** Undefined for one that has ended meanwhile. */
async function readProcess(pid: string): Promise<Process | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) {
      return undefined;
    }
    throw error;
  }
  // The name of the program stands in brackets and may hold anything.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0] = fields;
  // utime, stime, and those of children that were waited for; see proc(5).
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
  return { pid: Number(pid), parent, ticks };
}
