import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { isRunning, processStart, processState } from "#lib/adapters/process-start.ts";
import { eventually } from "../support/test-gateway.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function child(program: string, args: readonly string[]): number {
  const started = spawn(program, args, { stdio: "ignore" });
  children.push(started);
  return started.pid ?? 0;
}

test("a process is the one that began then, another with its number, or one of which that is not known", () => {
  const { pid } = process;
  expect(processState(pid, processStart(pid))).toBe("running");
  expect(processState(pid, "1")).toBe("gone");
  expect(processState(pid)).toBe("unknown");
  expect([isRunning(pid, processStart(pid)), isRunning(pid, "1"), isRunning(pid)]).toEqual([
    true,
    false,
    true,
  ]);
});

test("a process that has ended is gone, whatever is known of it", async () => {
  const pid = child("sleep", ["60"]);
  const start = processStart(pid);
  expect(processState(pid, start)).toBe("running");
  children[0]?.kill("SIGKILL");
  if (children[0] !== undefined) await once(children[0], "exit");
  expect([processState(pid, start), processState(pid)]).toEqual(["gone", "gone"]);
});

test.each([0, -1, Number.NaN, 1.5])("%s is the number of no process", (pid) => {
  expect(processState(pid)).toBe("gone");
});

test.runIf(existsSync("/proc/self/stat"))("a zombie is gone", async () => {
  // The shell starts a process that ends at once, and becomes one that collects nobody.
  const parent = child("sh", ["-c", "true & exec sleep 60"]);
  const ofParent = `/proc/${parent}/task/${parent}/children`;
  await eventually("there is a zombie", () => {
    const pid = Number(readFileSync(ofParent, "utf8"));
    return pid > 0 && readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  });
  expect(processState(Number(readFileSync(ofParent, "utf8")))).toBe("gone");
});
