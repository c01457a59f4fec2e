import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { readNative } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway, shellEnvironment } from "./served-gateway.ts";

/** How long a gateway is left alone, in which something might call home, milliseconds. */
const IDLE_MS = 3_000;

let database: TestSupabase;
let upstream: FakeUpstream;
let key: string;
let folder: string;
let log: string;
const open: ServedGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  key = await createKey(database, (await database.signUp()).userId);
  upstream = await startFakeUpstream(answers("Hello."));
});
afterAll(async () => {
  await Promise.all([database.stop(), upstream.stop()]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-nobody-"));
  log = join(folder, "connections");
  await writeFile(log, "");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
  await rm(folder, { recursive: true });
});

/** The variables with which a process, and all that it starts, are watched. */
const watched = () => ({
  NODE_OPTIONS: `--require=${resolve("__tests__/slow/watch-connections.cjs")}`,
  CONNECTIONS_LOG: log,
});

/** Whom the processes have connected to; their own port is that of a supervisor that asks its child. */
async function called(...own: string[]): Promise<string[]> {
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
  const hosts = lines.map((line) => line.replace(/^(?:localhost|::1):/, "127.0.0.1:"));
  return [...new Set(hosts)].filter((host) => !own.includes(host)).sort();
}

const hostOf = (url: string): string => new URL(url).host;

/** A development server, which compiles each route anew, is asked for the first alone. */
const READ = [
  ...["/api/health", "/api/v1/models", "/api/v1/quota", "/api/openapi.json"],
  ...["/api/admin/health", "/api/admin/requests", "/api/admin/overrides", "/api/metrics"],
];

/** What a browser does with the page of a development server: Next.js answers it with its state. */
async function openAsBrowser(url: string): Promise<void> {
  await (await fetch(url)).text();
  const socket = new WebSocket(`${url.replace("http", "ws")}/_next/hmr?id=1`);
  const other = new WebSocket(`${url.replace("http", "ws")}/_next/webpack-hmr`);
  await pause(IDLE_MS);
  socket.close();
  other.close();
}

describe("a gateway calls only those whom the operator has configured", () => {
  test.each<[HostName, Record<string, string>]>([
    ["start", {}],
    ["start", { WORKERS: "2" }],
    ["next-start", {}],
    ["dev", {}],
  ])(
    "under %s %j: start, idle, a turn, a page, and what administrators read",
    async (host, settings) => {
      const gateway = await serveGateway(host, {
        ...databaseSettings(database),
        MODELS_CONFIG: modelsConfig({ own: `${upstream.origin}/v1` }),
        ENABLE_OPENAI_PROXY: "on",
        ...watched(),
        ...settings,
      });
      await pause(IDLE_MS);
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const body = JSON.stringify({ message: "Hi", model: "smart" });
      const answer = await fetch(`${gateway.url}/api/ai-chat`, { method: "POST", headers, body });
      expect((await readNative(answer)).text).toBe("Hello.");
      for (const path of host === "dev" ? READ.slice(0, 1) : READ)
        await (await fetch(`${gateway.url}${path}`, { headers })).text();
      await openAsBrowser(gateway.url);
      const calls = await called(hostOf(gateway.url));
      await gateway.stop();
      expect(calls.filter((call) => !isOfNext(call, host))).toEqual(
        [hostOf(database.url), hostOf(upstream.origin)].sort(),
      );
      // A development server compiles each route when it is first asked for.
    },
    240_000,
  );

  /** Next.js' own processes speak with each other on ports of this machine. */
  const isOfNext = (call: string, host: HostName): boolean =>
    host === "dev" &&
    /^127\.0\.0\.1:\d+$/.test(call) &&
    ![database.url, upstream.origin].map(hostOf).includes(call);

  test("a hook that sees nothing would prove nothing: it sees names, addresses and Node's own fetch", async () => {
    const script =
      'fetch("http://127.0.0.1:59999/").catch(()=>{}); fetch("https://seen.invalid/").catch(()=>{})';
    await promisify(execFile)(process.execPath, ["--eval", script], {
      env: { ...shellEnvironment("production"), ...watched() },
    });
    expect(await called()).toEqual(["127.0.0.1:59999", "name seen.invalid", "seen.invalid:443"]);
  });
});

describe("the commands call nobody", () => {
  test.each([["models:check"], ["key"]])("npm run %s -- --help", async (name) => {
    await promisify(execFile)(
      process.execPath,
      ["bin/run.mjs", `lib/server/cli/${name.replace(":", "-")}.ts`, "--help"],
      {
        env: { ...shellEnvironment("production"), ...watched() },
      },
    );
    expect(await called()).toEqual([]);
  });

  test("Next.js is told not to report builds, whoever runs them", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["bin/run.mjs", "next", "telemetry", "status"],
      { env: { ...shellEnvironment("production"), ...watched() } },
    );
    expect(stdout).toMatch(/Status: Disabled/);
    expect(await called()).toEqual([]);
  });
});
