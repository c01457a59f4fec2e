import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isRunning } from "#lib/adapters/process-start.ts";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseGatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { openApiThread } from "#lib/local-supabase/api.ts";
import { readPostmaster } from "#lib/local-supabase/postmaster.ts";
import { sha256Hex } from "#lib/local-supabase/secrets.ts";
import { type EmbeddedSupabase, startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import type { Logger } from "#lib/services/ports.ts";
import { eventually } from "../../support/test-gateway.ts";
import { MIGRATIONS } from "../../support/test-postgres.ts";

let parent: string;
let dataDir: string;
const lines: string[] = [];
const logged: string[] = [];
const note = (message: string): void => void logged.push(message);
const logger: Logger = { info: note, warn: note, error: note };
const start = (folder = dataDir, replaceUnder?: string) =>
  startEmbeddedSupabase({
    dataDir: folder,
    replaceUnder,
    migrationsDir: MIGRATIONS,
    log: (line) => lines.push(line),
    logger,
  });

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "sarmalink-embedded-"));
  await chmod(parent, 0o755);
  dataDir = join(parent, "data");
});
afterAll(() => rm(parent, { recursive: true, force: true }));

async function signIn({ url, publishableKey, demo }: EmbeddedSupabase): Promise<string | undefined> {
  const client = createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  return (await client.auth.signInWithPassword(demo)).data.user?.id;
}

function keyStore(supabase: EmbeddedSupabase) {
  return createSupabaseGatewayKeyStore({ clients: clientsOf(supabase) });
}

const clientsOf = ({ url, publishableKey, secretKey }: EmbeddedSupabase) =>
  createSupabaseClients({ url, publishableKey, serviceRoleKey: secretKey });
const service = (supabase: EmbeddedSupabase) => clientsOf(supabase).asService();

/** Whether a caller without the service role may settle turns, should they know one's secret. */
async function maySettle(supabase: EmbeddedSupabase): Promise<boolean> {
  const { error } = await clientsOf(supabase)
    .asAnonymous()
    .rpc("settle_turn", {
      p_turn: { id: randomUUID(), settle_secret: "x", status: "failed", delivered: false },
    });
  return error?.code !== "42501";
}

/** The embedded Supabase in a process of its own, so that it can be killed. */
async function startElsewhere(): Promise<{ child: ChildProcess; postgresPid: number }> {
  const script = `
    import { startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
    const options = { dataDir: process.argv[1], migrationsDir: process.argv[2], log() {} };
    console.log((await startEmbeddedSupabase(options)).postgresPid);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, dataDir, MIGRATIONS], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  return { child, postgresPid: Number(output.toString()) };
}

describe("the embedded Supabase", () => {
  test("starts fresh with a demo user and a working local key, and keeps them over a restart", async () => {
    const first = await start();
    const userId = await signIn(first);
    expect(userId).toBeDefined();
    expect(await maySettle(first)).toBe(true);
    await service(first).rpc("close_turns_to_users");
    expect(await maySettle(first)).toBe(false);
    expect(await keyStore(first).findByHash(sha256Hex(first.gatewayKey))).toMatchObject({
      state: "live",
      key: { userId },
    });
    expect(await keyStore(first).anyEverCreated()).toBe(false);
    expect(first.gatewayKey).toMatch(/^sk-sarmalink-[\w-]{43}$/);
    expect((await readFile(join(dataDir, "dev-key"), "utf8")).trim()).toBe(first.gatewayKey);
    for (const file of ["dev-key", "secrets.json", "demo-password"]) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    }
    await first.stop();
    expect(isRunning(first.postgresPid)).toBe(false);

    const second = await start();
    const { gatewayKey, publishableKey, secretKey, jwtSecret, demo } = first;
    expect(second).toMatchObject({ gatewayKey, publishableKey, secretKey, jwtSecret, demo });
    expect(await signIn(second)).toBe(userId);
    expect(await keyStore(second).findByHash(sha256Hex(gatewayKey))).toMatchObject({ key: { userId } });
    // Its start says all grants again; that users were shut out holds all the same.
    expect(await maySettle(second)).toBe(false);
    await second.stop();
  }, 60_000);

  test("takes over the Postgres of a process that was killed, and stops it", async () => {
    const { child, postgresPid } = await startElsewhere();
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isRunning(postgresPid)).toBe(true);
    const successor = await start();
    expect(successor.postgresPid).toBe(postgresPid);
    expect(await signIn(successor)).toBeDefined();
    await successor.stop();
    expect(isRunning(postgresPid)).toBe(false);
  }, 60_000);

  test("shares the Postgres of a running process, and does not stop it", async () => {
    const { child, postgresPid } = await startElsewhere();
    const guest = await start();
    expect(guest.postgresPid).toBe(postgresPid);
    await guest.stop();
    expect(isRunning(postgresPid)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await start()).stop();
    expect(isRunning(postgresPid)).toBe(false);
  }, 60_000);

  test("starts a Postgres again that was killed, at the same address, and says so", async () => {
    const running = await start();
    const { url, postgresPid } = running;
    for (let round = 0; round < 2; round++) {
      const killed = running.postgresPid;
      // Calls that run, wait and come when it dies are answered, one way or the other.
      const calls = Array.from({ length: 100 }, () => service(running).rpc("sarmalink_schema_version"));
      const during = Promise.all(calls);
      process.kill(killed, "SIGKILL");
      const after = await service(running).rpc("sarmalink_schema_version");
      for (const { data, status } of [...(await during), after]) {
        expect(status).toBe(typeof data === "number" ? 200 : 503);
      }
      await eventually("another runs", () => running.postgresPid !== killed, 15_000);
      await eventually("users can sign in", async () => (await signIn(running)) !== undefined, 15_000);
      expect((await service(running).rpc("sarmalink_schema_version")).status).toBe(200);
      expect(running.url).toBe(url);
    }
    expect(logged).toEqual(
      expect.arrayContaining([
        "The local Postgres has ended; it is started again.",
        "The local Postgres runs again.",
      ]),
    );
    const last = running.postgresPid;
    expect(last).not.toBe(postgresPid);
    await running.stop();
    expect(isRunning(last)).toBe(false);
    // Nobody starts it once it was stopped.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await readPostmaster(join(dataDir, "postgres")))?.pid).toBeUndefined();
  }, 60_000);

  test("starts its API thread again when that has died, at the same address", async () => {
    const workers: Worker[] = [];
    const spy = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (
      this: Worker,
      message,
    ) {
      workers.push(this);
      spy.mockRestore();
      this.postMessage(message);
    });
    const running = await start();
    await workers[0]?.terminate();
    await eventually("users can sign in", async () => (await signIn(running)) !== undefined, 15_000);
    expect(logged).toContain("The API of the local Supabase has ended; it is started again.");
    await running.stop();
  }, 60_000);

  test.runIf(existsSync("/dev/full"))(
    "goes on when its log cannot be written",
    async () => {
      const running = await start();
      const thread = openApiThread({ file: "/dev/full", logger });
      const api = await thread.serve({
        databaseUrl: running.databaseUrl,
        migrationsDir: MIGRATIONS,
        publishableKey: running.publishableKey,
        secretKey: running.secretKey,
        jwtSecret: running.jwtSecret,
        port: 0,
        seed: undefined,
      });
      const refused = (): Promise<Response> =>
        fetch(`${api.url}/rest/v1/ai_chat_sessions?select=nothing`, {
          headers: { apikey: running.secretKey },
        });
      await eventually("the log is full", async () => {
        await refused();
        return logged.some((line) => line.includes("/dev/full, cannot be written any more"));
      });
      expect((await refused()).status).toBeGreaterThanOrEqual(400);
      expect(thread.isRunning).toBe(true);
      await thread.stop();
      await running.stop();
    },
    60_000,
  );

  test("serves the API alone, to browsers too: nothing of lite's system routes", async () => {
    const running = await start();
    for (const path of ["/_system/info", "/_system/config", "/", "/storage/v1/bucket"]) {
      expect((await fetch(running.url + path)).status).toBe(404);
    }
    expect((await fetch(`${running.url}/rest/v1/ai_chat_sessions`)).status).toBe(401);
    const signInUrl = `${running.url}/auth/v1/token?grant_type=password`;
    const preflight = await fetch(signInUrl, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:3000", "access-control-request-headers": "apikey,x-client-info" },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toBe("apikey,x-client-info");
    const signedIn = await fetch(signInUrl, {
      method: "POST",
      headers: { origin: "http://localhost:3000", apikey: running.publishableKey },
      body: JSON.stringify(running.demo),
    });
    expect(signedIn.headers.get("access-control-allow-origin")).toBe("*");
    await running.stop();
  }, 60_000);

  test.skipIf(process.getuid?.() !== 0)(
    "never starts with an empty database where it cannot follow; in root's home it says where it went",
    async () => {
      const hidden = await mkdtemp(join(parent, "hidden-"));
      await chmod(hidden, 0o700);
      await expect(start(join(hidden, "data"))).rejects.toMatchObject({
        code: "not_configured",
        message: expect.stringContaining(join(hidden, "data")),
      });
      expect(lines).toEqual([]);
      const running = await start(join(hidden, "data"), hidden);
      expect(running.dataDir.startsWith(tmpdir())).toBe(true);
      expect(running.dataDir).not.toContain("hidden");
      expect(lines.join("\n")).toContain(running.dataDir);
      await running.stop();
      await rm(running.dataDir, { recursive: true, force: true });
    },
    60_000,
  );
});
