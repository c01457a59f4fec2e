import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When a process began, in digits that no other process with its number has; `undefined` if the system does not tell. */
export type ProcessStart = string | undefined;

/** A process that is still the same one when its number has been given to another. */
export type ProcessId = { pid: number; start: ProcessStart };

/** `unknown`: a process with the number runs, and it cannot be told whether it is the one that is meant. */
export type ProcessState = "running" | "gone" | "unknown";

export function thisProcess(): ProcessId {
  return { pid: process.pid, start: processStart(process.pid) };
}

/**
 * Whether the process with this number runs and, as far as that is known, is the one that began at `start`.
 * A zombie does not run: in a container without an init nobody collects orphans.
 */
export function isRunning(pid: number, start?: ProcessStart): boolean {
  return processState(pid, start) !== "gone";
}

export function processState(pid: number, start?: ProcessStart): ProcessState {
  // Zero and negative numbers are groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return "gone";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, as somebody else's.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return "gone";
  }
  // Elsewhere the look costs a process of its own, and tells nothing else.
  if (start === undefined && process.platform !== "linux") return "unknown";
  const found = lookUp(pid);
  if (found.isDead) return "gone";
  if (start === undefined || found.start === undefined) return "unknown";
  return found.start === start ? "running" : "gone";
}

export function processStart(pid: number): ProcessStart {
  return lookUp(pid).start;
}

function lookUp(pid: number): { start: ProcessStart; isDead: boolean } {
  try {
    return process.platform === "linux" ? lookUpInProc(pid) : { start: startByPs(pid), isDead: false };
  } catch {
    // A container may hide its /proc, Windows has no ps, file descriptors may have run out: nothing is known.
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
