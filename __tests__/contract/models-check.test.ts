import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ModelsBlock } from "#lib/services/model-check/daily-check.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { eventually, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let folder: string;
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());
beforeEach(async () => {
  upstream = await startFakeUpstream(listing("there", "llama-3.3-70b-versatile"));
  folder = await mkdtemp(join(tmpdir(), "sarmalink-models-"));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
  await Promise.all([upstream.stop(), rm(folder, { recursive: true })]);
});

function listing(...names: string[]): FakeUpstream["script"] {
  const chat = answers("Hello.");
  return (exchange) =>
    exchange.request.method === "GET"
      ? exchange.json(200, { data: names.map((id) => ({ id })) })
      : chat(exchange);
}

/** Chains of `own`, which answers at the upstream, in the modes named. */
function chains(modes: Readonly<Record<string, readonly string[]>>, more: object[] = []): string {
  return JSON.stringify({
    extends: "default",
    providers: [{ id: "own", baseUrl: `${upstream.origin}/v1`, apiKeyEnv: "OWN_KEY" }, ...more],
    modes: Object.fromEntries(
      Object.entries(modes).map(([mode, models]) => [
        mode,
        { failover: models.map((model) => ({ provider: "own", model })) },
      ]),
    ),
  });
}

const CHAINS = { smart: ["there", "llama-3.3-70b"], fast: ["llama-3.3-70b"] };
const GONE = [
  { mode: "smart", engine: "own/llama-3.3-70b", near: ["own/llama-3.3-70b-versatile"] },
  { mode: "fast", engine: "own/llama-3.3-70b", near: ["own/llama-3.3-70b-versatile"] },
];
const KEY = "hush-canary-9f3b";
const lists = (): number => upstream.requests.filter(({ method }) => method === "GET").length;

async function start(settings: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({
    database,
    settings: {
      SARMALINK_DATA_DIR: folder,
      MODELS_CONFIG: chains(CHAINS),
      OWN_KEY: KEY,
      ...settings,
    },
  });
  open.push(gateway);
  return gateway;
}

/** The block of the health as an administrator reads it, and the work that it leaves behind. */
async function read(gateway: TestGateway): Promise<{ block: ModelsBlock; behind: Promise<unknown> }> {
  const works: Promise<void>[] = [];
  const block = await gateway.gateway.modelCheck.block((work) => works.push(work));
  return { block, behind: Promise.all(works) };
}
async function readChecked(gateway: TestGateway): Promise<ModelsBlock> {
  await (await read(gateway)).behind;
  return (await read(gateway)).block;
}

describe("the models of the chains, in the admin health", () => {
  test("are not asked for until an administrator reads it, and then behind the answer, once", async () => {
    const gateway = await start();
    const user = await database.signUp();
    await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
    expect(lists()).toBe(0);
    const { block, behind } = await read(gateway);
    expect(block).toEqual({ state: "waiting", checkedAt: null, present: 0, gone: [], unchecked: [] });
    await behind;
    for (let again = 0; again < 3; again++) {
      const checked = (await read(gateway)).block;
      expect(checked).toMatchObject({ state: "checked", checkedAt: expect.any(String), present: 1 });
      expect(checked.gone).toEqual(GONE);
    }
    expect(lists()).toBe(1);
  });

  test("are asked for once by all processes on a data folder, also after a restart", async () => {
    const [first, second] = [await start(), await start()];
    await Promise.all([read(first), read(second)].map(async (reading) => (await reading).behind));
    expect((await readChecked(first)).gone).toEqual(GONE);
    expect((await readChecked(second)).gone).toEqual(GONE);
    await first.gateway.close();
    expect((await readChecked(await start())).gone).toEqual(GONE);
    expect(lists()).toBe(1);
    expect(await readdir(folder)).not.toContain("models-check.lock");
    const file = join(folder, "models-check.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).not.toContain(KEY);
  });

  test("are asked for again after a day", async () => {
    await readChecked(await start());
    const file = join(folder, "models-check.json");
    const kept = JSON.parse(await readFile(file, "utf8")) as { checkedAt: number };
    await writeFile(file, JSON.stringify({ ...kept, checkedAt: kept.checkedAt - 86_400_001 }));
    upstream.script = listing("there", "llama-3.3-70b");
    expect((await readChecked(await start())).gone).toEqual([]);
    expect(lists()).toBe(2);
  });

  test.each([
    ["broken", "{"],
    ["of another version", '{"checkedAt":"yesterday"}'],
  ])("are asked for if what was kept is %s", async (_, text) => {
    await writeFile(join(folder, "models-check.json"), text);
    expect((await readChecked(await start())).gone).toEqual(GONE);
  });

  test("are checked by each process where there is no folder", async () => {
    await writeFile(join(folder, "file"), "");
    const gateway = await start({ SARMALINK_DATA_DIR: join(folder, "file", "below") });
    expect((await readChecked(gateway)).gone).toEqual(GONE);
  });

  test("are never asked for with MODELS_CHECK=off", async () => {
    const gateway = await start({ MODELS_CHECK: "off" });
    const { block, behind } = await read(gateway);
    await behind;
    expect(block.state).toBe("off");
    expect(lists()).toBe(0);
  });

  test("are those of the chains as they are now, without another call", async () => {
    const file = join(folder, "models.json");
    await writeFile(file, chains(CHAINS));
    const gateway = await start({ MODELS_CONFIG: file });
    expect((await readChecked(gateway)).gone).toHaveLength(2);
    const later = { id: "later", baseUrl: `${upstream.origin}/v1` };
    const config = JSON.parse(chains({ smart: ["there"], fast: ["llama-3.3-70b-versatile"] }, [later]));
    config.modes.coder = { failover: [{ provider: "later", model: "x" }] };
    await writeFile(file, JSON.stringify(config));
    await gateway.gateway.configuration.reload();
    const { block } = await read(gateway);
    expect(block).toMatchObject({ present: 2, gone: [] });
    expect(block.unchecked).toContainEqual(
      expect.objectContaining({ provider: "later", engines: ["later/x"], reason: "not_asked" }),
    );
    expect(lists()).toBe(1);
  });

  test("say what could not be checked, and why", async () => {
    upstream.script = (exchange) => exchange.json(401, { error: { message: `Wrong key ${KEY}` } });
    const block = await readChecked(await start());
    expect(block.gone).toEqual([]);
    expect(block.unchecked).toContainEqual(
      expect.objectContaining({
        provider: "own",
        engines: ["own/there", "own/llama-3.3-70b"],
        reason: "refused",
      }),
    );
    expect(block.unchecked).toContainEqual(
      expect.objectContaining({ provider: "groq", reason: "not_configured" }),
    );
    expect(JSON.stringify(block)).not.toContain(KEY);
  });

  test("are not those of a close in between", async () => {
    upstream.script = () => undefined;
    const gateway = await start();
    const { behind } = await read(gateway);
    await eventually("it is asked", () => lists() === 1);
    await gateway.gateway.close();
    await behind;
  });
});

describe("npm run models:check", () => {
  type Ended = { code: number; stdout: string; stderr: string };
  const run = (settings: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = {
        PATH: process.env["PATH"] ?? "",
        NODE_ENV: "production" as const,
        OWN_KEY: KEY,
        MODELS_CONFIG: chains(CHAINS),
        ...settings,
      };
      execFile(
        process.execPath,
        ["lib/server/cli/models-check.ts", ...args],
        { env },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  test("names what is gone, by mode, with near names: 1", async () => {
    const { code, stdout, stderr } = await run({});
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toContain("smart    own/llama-3.3-70b   (there is own/llama-3.3-70b-versatile)");
    expect(stdout).toContain("fast     own/llama-3.3-70b ");
    expect(stdout).toMatch(/groq \(\d+ entries\): It is not configured\./);
    expect(stdout).toContain("1 entry is there, 2 are gone.");
    expect(lists()).toBe(1);
  });

  test("is content if all are there: 0", async () => {
    upstream.script = listing("there", "llama-3.3-70b");
    const { code, stdout } = await run({});
    expect(code).toBe(0);
    expect(stdout).toContain("3 entries are there, 0 are gone.");
  });

  test.each([
    [
      "nobody answers",
      () => ({ MODELS_CONFIG: chains(CHAINS).replaceAll(upstream.origin, "http://127.0.0.1:9") }),
    ],
    ["no provider is configured", () => ({ MODELS_CONFIG: '{"extends":"default"}' })],
  ])("says so if nothing could be asked, as %s: 2", async (_, settings) => {
    const { code, stdout } = await run(settings());
    expect(code).toBe(2);
    expect(stdout).toContain("No provider could be asked for its models.");
  });

  test.each([
    ["a wrong setting", { MODELS_CONFIG: "{" }, [], /MODELS_CONFIG, line 1/],
    ["an unknown option", {}, ["--jsn"], /There is no option --jsn/],
  ])("is 2 for %s, in words", async (_, settings, args, says) => {
    const { code, stdout, stderr } = await run(settings, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("    at ");
  });

  test("is JSON if that is asked for, and shows no key", async () => {
    upstream.script = (exchange) => exchange.json(401, { error: { message: `Wrong key: ${KEY}` } });
    const { code, stdout, stderr } = await run({}, "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, present: 0, gone: [] });
    expect(stdout + stderr).not.toContain(KEY);
  });
});
