import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When a process began, in digits; no other process with the same pid has them. Undefined if not known. */
export type ProcessStart = string | undefined;

/** Identifies a process even after its pid has been reused. */
export type ProcessId = { pid: number; start: ProcessStart };

/** `unknown`: a process with this pid runs, but it may be another one. */
export type ProcessState = "running" | "gone" | "unknown";

export function thisProcess(): ProcessId {
  return { pid: process.pid, start: processStart(process.pid) };
}

/**
 * Whether the process with this pid runs and, as far as is known, is the one that began at `start`.
 * A zombie does not run: in a container without an init process, zombies stay.
 */
export function isRunning(pid: number, start?: ProcessStart): boolean {
  return processState(pid, start) !== "gone";
}

export function processState(pid: number, start?: ProcessStart): ProcessState {
  // Zero and negative numbers mean process groups.
  if (!Number.isSafeInteger(pid) || pid <= 0) return "gone";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, but belongs to another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return "gone";
  }
  // On other systems a look-up starts a process, and would only return the start.
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
    // Not known: a container may hide its /proc, Windows has no ps, file descriptors may have run out.
    return { start: undefined, isDead: false };
  }
}

/** Clock ticks since boot, which do not depend on the wall clock. */
function lookUpInProc(pid: number): { start: ProcessStart; isDead: boolean } {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // "pid (name) state …", and the name may contain anything; the start is field 22.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { start: fields[19], isDead: fields[0] === "Z" || fields[0] === "X" };
}

/** Seconds since 1970, as recorded when the process began. */
function startByPs(pid: number): ProcessStart {
  if (process.platform === "win32") return undefined;
  const text = execFileSync("env", ["LC_ALL=C", "ps", "-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const time = Date.parse(text.trim());
  return Number.isNaN(time) ? undefined : String(time / 1_000);
}
