import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When a process began, in digits that no other process with its number has; `undefined` if the system does not tell. */
export type ProcessStart = string | undefined;

/** Whether the process with this number runs and, if `start` is known, is the one that began then. */
export function isRunning(pid: number, start: ProcessStart): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, as somebody else's.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const found = lookUp(pid);
  if (found.isDead) return false;
  return start === undefined || found.start === undefined || found.start === start;
}

export function processStart(pid: number): ProcessStart {
  return lookUp(pid).start;
}

function lookUp(pid: number): { start: ProcessStart; isDead: boolean } {
  try {
    return process.platform === "linux" ? lookUpInProc(pid) : { start: startByPs(pid), isDead: false };
  } catch {
    // A container may hide its /proc, and Windows has no ps: nothing is known.
    return { start: undefined, isDead: false };
  }
}

/** Clock ticks since the machine started: no change of the wall clock moves them. */
function lookUpInProc(pid: number): { start: ProcessStart; isDead: boolean } {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // "pid (name) state …", and the name may contain anything; the start is field 22.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { start: fields[19], isDead: fields[0] === "Z" || fields[0] === "X" };
}

/** Seconds since 1970, as they were noted when the process began. */
function startByPs(pid: number): ProcessStart {
  if (process.platform === "win32") return undefined;
  const text = execFileSync("env", ["LC_ALL=C", "ps", "-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const time = Date.parse(text.trim());
  return Number.isNaN(time) ? undefined : String(time / 1_000);
}
