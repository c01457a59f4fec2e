import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { readNative, readSome } from "../support/native-client.ts";
import { rawClient } from "../support/raw-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually, modelsConfig } from "../support/test-gateway.ts";
import { freePort, runToEnd, type ServedGateway, serveGateway } from "./served-gateway.ts";

/** `npm start`, in its own process. */
let database: TestSupabase;
let upstream: FakeUpstream;
let key: string;
const open: ServedGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  key = await createKey(database, (await database.signUp()).userId);
});
beforeEach(async () => {
  upstream = await startFakeUpstream(answers("Good ", "day."));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop("SIGKILL")));
  await upstream.stop();
});
afterAll(async () => {
  await database.stop();
});

async function start(settings: Readonly<Record<string, string>> = {}): Promise<ServedGateway> {
  const config = modelsConfig({ own: upstream.origin });
  const gateway = await serveGateway("start", {
    ...databaseSettings(database),
    MODELS_CONFIG: config,
    ...settings,
  });
  open.push(gateway);
  return gateway;
}

function post(gateway: ServedGateway): Promise<Response> {
  return fetch(`${gateway.url}/api/ai-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ message: "Hi", model: "smart" }),
  });
}

/** Begins an answer and goes on with it when told to; for ever, when it is not. */
function longAnswer(): { script: Script; goOn(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    goOn: resolve,
    script: async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("first "));
      await promise;
      await exchange.event(textChunk("last", "stop"));
      await exchange.event("[DONE]");
      await exchange.endStream();
    },
  };
}

async function begin(gateway: ServedGateway) {
  const response = await post(gateway);
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  await readSome(reader, (events) => events.some(({ type }) => type === "token"));
  return { requestId: response.headers.get("x-request-id") ?? "", reader };
}

const turn = async (requestId: string) =>
  (await database.sql`select status, delivered from public.ai_chat_usage where id = ${requestId}`)[0];

describe("SIGTERM", () => {
  test("lets a stream finish that can, then ends with 0", async () => {
    const { script, goOn } = longAnswer();
    upstream.script = script;
    const gateway = await start();
    const { reader, requestId } = await begin(gateway);
    gateway.signal("SIGTERM");
    await eventually("it takes no more", () =>
      fetch(`${gateway.url}/api/health`).then(
        () => false,
        () => true,
      ),
    );
    goOn();
    const rest = await readSome(reader, () => false);
    expect(rest.at(-1)?.type).toBe("done");
    expect(await gateway.ended()).toBe(0);
    expect(await turn(requestId)).toEqual({ status: "completed", delivered: true });
  });

  test("ends a stream that goes on too long with an error, and saves its turn", async () => {
    upstream.script = longAnswer().script;
    const gateway = await start({ SHUTDOWN_GRACE_MS: "500" });
    const { reader, requestId } = await begin(gateway);
    const from = performance.now();
    gateway.signal("SIGTERM");
    const rest = await readSome(reader, () => false);
    expect(rest.map(({ type }) => type)).toEqual(["error"]);
    expect(await gateway.ended()).toBe(0);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect((await turn(requestId))?.["status"]).toMatch(/^(?:cancelled|interrupted)$/);
    await eventually("the provider is left", () => upstream.requests[0]?.closedAt !== undefined);
  });

  test("tells a probe on an open connection that it is stopping", async () => {
    upstream.script = longAnswer().script;
    const gateway = await start({ SHUTDOWN_GRACE_MS: "1500" });
    await begin(gateway);
    const probe = await rawClient(gateway.url, "GET /api/health HTTP/1.1\r\n");
    // It has begun to ask, so its connection is not idle.
    await new Promise((resolve) => setTimeout(resolve, 100));
    gateway.signal("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    probe.socket.write("host: x\r\n\r\n");
    const text = await probe.closed();
    expect(text).toContain(" 503 ");
    expect(text).toContain('"status":"stopping"');
    expect(text.toLowerCase()).toContain("connection: close");
    expect(await gateway.ended()).toBe(0);
  });

  test("ends at once when it comes again", async () => {
    upstream.script = longAnswer().script;
    const gateway = await start({ SHUTDOWN_GRACE_MS: "60000" });
    await begin(gateway);
    gateway.signal("SIGTERM");
    // npm and the terminal both pass on one Ctrl-C: that is not twice.
    gateway.signal("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    const from = performance.now();
    gateway.signal("SIGTERM");
    expect(await gateway.ended()).toBe(1);
    expect(performance.now() - from).toBeLessThan(1_000);
  });

  test("ends the embedded database as well", async () => {
    const gateway = await serveGateway("start", { ENABLE_SANDBOX: "true" });
    open.push(gateway);
    expect(gateway.output).toContain("Listening on http://localhost:");
    const [, folder = ""] = /gateway key is in (\S+)\/dev-key/.exec(gateway.output) ?? [];
    const running = (): string => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
    expect(running()).toContain(folder);
    expect(await gateway.stop("SIGINT")).toBe(0);
    expect(
      running()
        .split("\n")
        .filter((line) => line.includes(folder) && line.includes("postgres")),
    ).toEqual([]);
  });
});

describe("the embedded database", () => {
  test("is started again when it was killed; until then answers say that it is unavailable", async () => {
    const gateway = await serveGateway("start", { ENABLE_SANDBOX: "true", ENABLE_OPENAI_PROXY: "true" });
    open.push(gateway);
    const ask = (): Promise<Response> =>
      fetch(`${gateway.url}/api/ai-chat`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
        body: JSON.stringify({ message: "Hi" }),
      });
    expect((await readNative(await ask())).done).toBeDefined();
    const [, folder = ""] = /gateway key is in (\S+)\/dev-key/.exec(gateway.output) ?? [];
    const postmaster = (): number =>
      Number(readFileSync(join(folder, "postgres", "postmaster.pid"), "utf8").split("\n")[0]);
    const killed = postmaster();
    // Processes that serve connections outlive the postmaster for a moment, and could serve one more turn.
    for (const pid of [killed, ...childrenOf(killed)]) killAtOnce(pid);
    const failed = await ask();
    expect([failed.status, await failed.json()]).toMatchObject([
      503,
      { error: { code: "database_unavailable" } },
    ]);
    await eventually(
      "another answers",
      async () => {
        const answer = await ask();
        return answer.ok && (await readNative(answer)).done !== undefined;
      },
      20_000,
    );
    expect(postmaster()).not.toBe(killed);
    expect(gateway.output).toContain("The local Postgres has ended; it is started again.");
    expect(await gateway.stop()).toBe(0);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(`${folder}/postgres`);
  });
});

/** The process ids of the children of a process. */
function childrenOf(pid: number): number[] {
  const listed = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return listed.trim().split(/\s+/).map(Number);
}

/** Kills a process, which may have ended by itself meanwhile. */
function killAtOnce(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

describe("workers", () => {
  const workersOf = (gateway: ServedGateway): number[] => childrenOf(gateway.pid);

  test("share the port, are replaced when they die, and end together", async () => {
    const gateway = await start({ WORKERS: "2" });
    await eventually("both are there", () => gateway.output.includes(", 2 workers"));
    const [first = 0, second] = workersOf(gateway);
    expect(second).toBeDefined();
    process.kill(first, "SIGKILL");
    await eventually("another one is started", () => /another one is started/.test(gateway.output));
    expect((await readNative(await post(gateway))).done).toBeDefined();
    await eventually("there are two again", () => {
      const workers = workersOf(gateway);
      return workers.length === 2 && !workers.includes(first);
    });
    upstream.script = longAnswer().script;
    const { reader, requestId } = await begin(gateway);
    gateway.signal("SIGTERM");
    upstream.script = answers("never");
    const ended = gateway.ended();
    await reader.cancel();
    expect(await ended).toBe(0);
    expect((await turn(requestId))?.["status"]).toMatch(/^(?:cancelled|interrupted)$/);
  });

  test("that cannot start end the whole", async () => {
    const gateway = await start();
    const settings = { ...databaseSettings(database), WORKERS: "2", PORT: new URL(gateway.url).port };
    const { code, output } = await runToEnd("start", settings);
    expect(code).toBe(1);
    expect(output).toContain("Another process listens on port");
    expect(output).not.toContain("    at ");
  });
});

describe("pages", () => {
  const pagesProcesses = (gateway: ServedGateway): number[] =>
    execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, parent, ...args]) => Number(parent) === gateway.pid && args.join(" ").includes("pages-process"),
      )
      .map(([pid]) => Number(pid));

  test("come from a process that starts with the first, is replaced, and ends with the server", async () => {
    const gateway = await start();
    expect(pagesProcesses(gateway)).toEqual([]);
    const visit = async (): Promise<number> => (await fetch(`${gateway.url}/`)).status;
    expect(await Promise.all([visit(), visit()])).toEqual([200, 200]);
    const [first = 0, ...others] = pagesProcesses(gateway);
    expect(others).toEqual([]);
    process.kill(first, "SIGKILL");
    // At once: the server may not know yet.
    expect(await visit()).toBe(200);
    await eventually("the first is gone", () => !pagesProcesses(gateway).includes(first));
    const [second = 0] = pagesProcesses(gateway);
    expect(await gateway.stop("SIGINT")).toBe(0);
    await eventually("its pages end with it", () => {
      try {
        return !process.kill(second, 0);
      } catch {
        return true;
      }
    });
  });
});

describe("a start that cannot be", () => {
  test("on a port in use says so in one line", async () => {
    const gateway = await start();
    const port = new URL(gateway.url).port;
    const { code, output } = await runToEnd("start", { ...databaseSettings(database), PORT: port });
    expect({ code, output }).toEqual({
      code: 1,
      output: `Another process listens on port ${port}. Stop it, or set PORT.\n`,
    });
  });

  test("as dev, on a port in use, says so in one line, before it starts a database", async () => {
    const gateway = await start();
    const port = new URL(gateway.url).port;
    const { code, output } = await runToEnd("dev", { PORT: port });
    expect({ code, output }).toEqual({
      code: 1,
      output: `Another process listens on 127.0.0.1, port ${port}. Stop it, or set PORT.\n`,
    });
  });

  test("without a build says how to build", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sarmalink-unbuilt-"));
    const settings = { ...databaseSettings(database), PORT: String(await freePort()) };
    const { code, output } = await runToEnd("start", settings, folder);
    expect({ code, output }).toEqual({
      code: 1,
      output: "There is no build yet: run `npm run build` first.\n",
    });
    await rm(folder, { recursive: true });
  });

  test.each(["start", "dev"] as const)(
    "as %s, on a folder that is none, is over in one line",
    async (host) => {
      const parent = await mkdtemp(join(tmpdir(), "sarmalink-file-"));
      const folder = join(parent, "data");
      await writeFile(folder, "");
      const settings = { SARMALINK_DATA_DIR: folder, PORT: String(await freePort()) };
      const { code, output } = await runToEnd(host, settings);
      expect(code).toBe(1);
      expect(output).toMatch(
        new RegExp(`^The data folder ${folder} cannot be used: .* is not a folder.*\n$`),
      );
      await rm(parent, { recursive: true });
    },
  );

  test.each(["start", "dev"] as const)("as %s, on half a Supabase, is over in one line", async (host) => {
    const { NEXT_PUBLIC_SUPABASE_URL: url = "", ...keys } = databaseSettings(database);
    const { code, output } = await runToEnd(host, { ...keys, SUPABASE_URL: url });
    expect({ code, output }).toEqual({
      code: 1,
      output: "SUPABASE_URL is set, but this gateway calls it NEXT_PUBLIC_SUPABASE_URL: rename it.\n",
    });
  });

  test.each(["start", "dev"] as const)(
    "as %s, with an MCP server without its token, names the line",
    async (command) => {
      const servers = { notes: { url: "http://127.0.0.1:1/mcp", tokenEnv: "NOTES_TOKEN" } };
      const { code, output } = await runToEnd(command, {
        PORT: "0",
        MCP_CONFIG: JSON.stringify({ servers }),
      });
      expect({ code, output }).toEqual({
        code: 1,
        output: "MCP_CONFIG, line 1: servers.notes.tokenEnv: NOTES_TOKEN is not set\n",
      });
    },
  );

  test("with a wrong setting names it", async () => {
    const { code, output } = await runToEnd("start", { ...databaseSettings(database), WORKERS: "many" });
    expect(code).toBe(1);
    expect(output).toContain("WORKERS");
  });
});
