import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { processStart, thisProcess } from "#lib/adapters/process-start.ts";
import { tryLockStart } from "#lib/local-supabase/start-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hold = (text: string): Promise<void> => writeFile(join(folder, "start.lock"), text);

test("one process holds it at a time, and says which it is", async () => {
  const first = await tryLockStart(folder, 0);
  expect(JSON.parse(await readFile(join(folder, "start.lock"), "utf8"))).toEqual(thisProcess());
  expect(await tryLockStart(folder, 100)).toBeUndefined();
  const waiting = tryLockStart(folder, 5_000);
  await first?.release();
  const second = await waiting;
  expect(second).toBeDefined();
  // What was released twice has not taken the lock of another.
  await first?.release();
  expect(await tryLockStart(folder, 100)).toBeUndefined();
  await second?.release();
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ["that is no more", () => JSON.stringify({ pid: 4_194_305, start: "1" })],
  ["whose number another one has now", () => JSON.stringify({ pid: process.ppid, start: "1" })],
  ["that was cut off as it wrote its number", () => '{"pid":'],
])("it is taken from a process %s", async (_, text) => {
  await hold(text());
  const lock = await tryLockStart(folder, 6_000);
  expect(lock).toBeDefined();
  await lock?.release();
  expect(await readdir(folder)).toEqual([]);
});

test("it is not taken from a process that lives", async () => {
  await hold(JSON.stringify({ pid: process.ppid, start: processStart(process.ppid) }));
  expect(await tryLockStart(folder, 300)).toBeUndefined();
});

test("of many processes that come at once, after one that was killed, each has it alone", async () => {
  await hold(JSON.stringify({ pid: 4_194_305, start: "1" }));
  const script = `
    import { appendFileSync } from "node:fs";
    import { tryLockStart } from "#lib/local-supabase/start-lock.ts";
    const [folder] = process.argv.slice(1);
    const lock = await tryLockStart(folder, 20_000);
    appendFileSync(folder + "/order", "+");
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(folder + "/order", "-");
    await lock.release();`;
  const codes = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      return (await once(child, "exit"))[0] as number;
    }),
  );
  expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await readFile(join(folder, "order"), "utf8")).toBe("+-".repeat(6));
});

test("of many that find the lock of a killed process, one has it at a time, and nothing is left behind", async () => {
  for (let round = 0; round < 20; round++) {
    await hold(JSON.stringify({ pid: 4_194_305, start: String(round) }));
    let holders = 0;
    let most = 0;
    const one = async (): Promise<void> => {
      const lock = await tryLockStart(folder, 20_000);
      most = Math.max(most, ++holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
      await lock?.release();
    };
    await Promise.all(Array.from({ length: 8 }, one));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  }
});

test("who was killed as it cleared the lock of another does not keep it", async () => {
  const dead = JSON.stringify({ pid: 4_194_305, start: "1" });
  await hold(dead);
  // The claim of the process that was clearing it.
  const digest = createHash("sha256").update(dead).digest("hex").slice(0, 16);
  await writeFile(join(folder, `start.lock.${digest}`), JSON.stringify({ pid: 4_194_306, start: "1" }));
  const lock = await tryLockStart(folder, 6_000);
  expect(lock).toBeDefined();
  await lock?.release();
  expect(await readdir(folder)).toEqual([]);
});
