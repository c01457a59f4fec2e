import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isRunning } from "#lib/adapters/process-start.ts";
import { readAddress } from "#lib/local-supabase/address-file.ts";
import { connectEmbeddedSupabase } from "#lib/local-supabase/connect.ts";
import { readPostmaster, stopPostmaster } from "#lib/local-supabase/postmaster.ts";
import { type EmbeddedSupabase, startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { eventually } from "../support/test-gateway.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

const CHILD = fileURLToPath(new URL("../support/embedded-child.ts", import.meta.url));

/** Processes that use one data folder at the same time. */
let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sarmalink-sharing-"));
  await chmod(dataDir, 0o755);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  const postmaster = await readPostmaster(join(dataDir, "postgres"));
  if (postmaster !== undefined && isRunning(postmaster.pid)) await stopPostmaster(postmaster.pid);
  await rm(dataDir, { recursive: true, force: true });
});

const options = () => ({ dataDir, migrationsDir: MIGRATIONS, log: () => undefined });
const start = (): Promise<EmbeddedSupabase> => startEmbeddedSupabase(options());

function run(as: "gateway" | "command") {
  const child = spawn(process.execPath, [CHILD, as, dataDir, MIGRATIONS], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  return {
    pid: child.pid,
    isReady: once(child.stdout, "data"),
    async leave() {
      child.stdin.end();
      expect(await once(child, "exit")).toEqual([0, null]);
    },
  };
}

/** Whether the gateway's database answers on the connection that it has had all the time. */
async function watch({ databaseUrl }: EmbeddedSupabase) {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  const ask = async (): Promise<unknown> => (await sql`select pg_backend_pid() as pid`)[0]?.["pid"];
  const first = await ask();
  return {
    async isUndisturbed() {
      const last = await ask();
      await sql.end();
      return last === first;
    },
  };
}

describe("a command", () => {
  test("that has started Postgres hands it over to a gateway that came later, with its address and its log", async () => {
    const command = run("command");
    await command.isReady;
    expect(await readAddress(dataDir)).toBeUndefined();
    const gateway = await start();
    const watched = await watch(gateway);
    expect(await readAddress(dataDir)).toMatchObject({ pid: process.pid, url: gateway.url });
    await command.leave();
    expect(isRunning(gateway.postgresPid)).toBe(true);
    expect(await watched.isUndisturbed()).toBe(true);
    expect(await readAddress(dataDir)).toMatchObject({ pid: process.pid, url: gateway.url });
    expect(existsSync(join(dataDir, "supabase.log"))).toBe(true);
    await gateway.stop();
    expect(isRunning(gateway.postgresPid)).toBe(false);
  }, 60_000);

  test("waits for a gateway that is being started, and uses its database, also if that is new", async () => {
    const gateway = run("gateway");
    await eventually("the start has begun", () => existsSync(join(dataDir, "start.lock")), 10_000);
    expect(await readAddress(dataDir)).toBeUndefined();
    const connection = await connectEmbeddedSupabase({ ...options(), mayCreate: false });
    expect(connection).toMatchObject({ isOfGateway: true, dataDir });
    const [output] = (await gateway.isReady) as [Buffer];
    expect(JSON.parse(output.toString())).toEqual({ url: connection?.url });
    await connection?.close();
    expect(await readAddress(dataDir)).toMatchObject({ pid: gateway.pid, url: connection?.url });
    expect(existsSync(join(dataDir, "supabase.log"))).toBe(true);
    const postmaster = await readPostmaster(join(dataDir, "postgres"));
    expect(isRunning(postmaster?.pid ?? 0)).toBe(true);
    await gateway.leave();
    expect(await readdir(dataDir)).not.toContain("supabase.json");
    expect(isRunning(postmaster?.pid ?? 0)).toBe(false);
  }, 60_000);

  test("waits for the Postgres of a gateway that has died, instead of starting an API beside it", async () => {
    const gateway = await start();
    process.kill(gateway.postgresPid, "SIGKILL");
    const connection = await connectEmbeddedSupabase({ ...options(), mayCreate: false });
    expect(connection).toMatchObject({ isOfGateway: true, url: gateway.url });
    expect(await connection?.findUser()).toBeDefined();
    await gateway.stop();
  }, 60_000);

  test("makes no database unless it may, and leaves nothing behind", async () => {
    expect(await connectEmbeddedSupabase({ ...options(), mayCreate: false })).toBeUndefined();
    expect(await readdir(dataDir)).toEqual([]);
    const missing = join(dataDir, "missing");
    expect(
      await connectEmbeddedSupabase({ ...options(), dataDir: missing, mayCreate: false }),
    ).toBeUndefined();
    expect(existsSync(missing)).toBe(false);
  });
});

describe("two gateways", () => {
  test("that start at the same time on a new folder share one database", async () => {
    const [first, second] = [run("gateway"), run("gateway")];
    await Promise.all([first.isReady, second.isReady]);
    await first.leave();
    const postmaster = await readPostmaster(join(dataDir, "postgres"));
    expect(isRunning(postmaster?.pid ?? 0)).toBe(true);
    await second.leave();
    expect(isRunning(postmaster?.pid ?? 0)).toBe(false);
  }, 60_000);

  test("go on sharing it after the one that started it has ended", async () => {
    const first = run("gateway");
    await first.isReady;
    const second = await start();
    const watched = await watch(second);
    await first.leave();
    expect(isRunning(second.postgresPid)).toBe(true);
    expect(await watched.isUndisturbed()).toBe(true);
    await second.stop();
    expect(isRunning(second.postgresPid)).toBe(false);
  }, 60_000);
});

test("a process whose number another one has now neither serves nor uses the database", async () => {
  await mkdir(join(dataDir, "postgres-users"));
  await writeFile(join(dataDir, "postgres-users", `${process.ppid}-1.aa`), "");
  const stale = { url: "http://127.0.0.1:1", publishableKey: "x", email: "x", pid: process.ppid, start: "1" };
  await writeFile(join(dataDir, "supabase.json"), JSON.stringify(stale));
  expect(await readAddress(dataDir)).toBeUndefined();
  const gateway = await start();
  const told: unknown = JSON.parse(await readFile(join(dataDir, "supabase.json"), "utf8"));
  expect(told).toMatchObject({ url: gateway.url, pid: process.pid });
  await writeFile(join(dataDir, "postgres-users", `${process.ppid}-2.bb`), "");
  await gateway.stop();
  expect(isRunning(gateway.postgresPid)).toBe(false);
}, 60_000);
