import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveRoute } from "#lib/server/http/route.ts";
import { quota } from "#lib/server/routes/quota.ts";
import { readConfigText } from "#lib/server/wiring/configuration/config-text.ts";
import { answers, type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { readSome } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  aRequest,
  eventually,
  modelsConfig,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../support/test-gateway.ts";

/** A change works within 2 s; this machine may be busy. */
const PATIENCE_MS = 6_000;

let database: TestSupabase;
let user: TestUser;
let first: FakeUpstream;
let second: FakeUpstream;
let folder: string;
let file: string;
let gateway: TestGateway;
let log: string[];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
});
afterAll(() => database.stop());
beforeEach(async () => {
  first = await startFakeUpstream(answers("First."));
  second = await startFakeUpstream(answers("Second."));
  folder = await mkdtemp(join(tmpdir(), "sarmalink-reload-"));
  file = join(folder, "models.yaml");
  log = [];
});
afterEach(async () => {
  await gateway.stop();
  await Promise.all([first.stop(), second.stop(), rm(folder, { recursive: true })]);
});

const base = (upstream: FakeUpstream): string => `${upstream.origin}/v1`;
const toFirst = () => modelsConfig({ own: base(first) });
const toSecond = () => modelsConfig({ other: base(second) });

async function start(
  text: string | undefined,
  settings: NonNullable<TestGatewayOptions["settings"]> = {},
): Promise<void> {
  if (text !== undefined) await writeFile(file, text);
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: file, ...settings },
    log: (line) => log.push(line),
  });
}

const say = async (): Promise<string> => {
  const answer = await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
  return answer.error?.code ?? (answer.text || String(answer.status));
};
const report = () => gateway.gateway.configuration.report().models;
const reloads = () => log.filter((line) => line.includes("MODELS_CONFIG was read again."));
const untilSaying = (text: string) =>
  eventually(`it says ${text}`, async () => (await say()) === text, PATIENCE_MS);

describe("another MODELS_CONFIG", () => {
  test("answers without a restart, and is reported", async () => {
    await start(toFirst());
    expect(await say()).toBe("First.");
    expect(report()).toEqual({ source: file, loadedAt: expect.any(String) });
    const { loadedAt } = report();
    await writeFile(file, toSecond());
    await untilSaying("Second.");
    expect(report().loadedAt > loadedAt).toBe(true);
    expect(reloads().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: "info",
        source: file,
        modes: "smart",
        providersAdded: "other",
        providersRemoved: "own",
      }),
    ]);
  });

  test("brings engines that have series of their own in the metrics, also before one has answered", async () => {
    second.script = (exchange) => exchange.json(500, {});
    await start(toFirst(), { METRICS_TOKEN: "a-token-for-the-metrics" });
    await writeFile(file, toSecond());
    await eventually("it is read", () => reloads().length === 1, PATIENCE_MS);
    await say();
    await gateway.settled();
    const attempts = (await gateway.gateway.telemetry.scrape())
      .split("\n")
      .filter((line) => line.startsWith("sarmalink_attempts_total{"));
    expect(attempts).not.toEqual([]);
    for (const line of attempts) expect(line).toContain('provider="other",model="m"');
  });

  test("lets a running stream finish on the old engine, and closes its connections then", async () => {
    const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
    await start(toFirst());
    first.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("old "));
      await held;
      await exchange.event(textChunk("to its end", "stop"));
      await exchange.event("[DONE]");
      await exchange.endStream();
    };
    const response = await gateway.aiChat(
      aRequest(user.accessToken, { message: "Hi", model: "smart" }),
      aHost(),
    );
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    await readSome(reader, (events) => events.some(({ type }) => type === "token"));
    await writeFile(file, toSecond());
    await eventually("it is read", () => reloads().length === 1, PATIENCE_MS);
    expect(await say()).toBe("Second.");
    expect(first.connections).toBe(1);
    goOn();
    const rest = await readSome(reader, () => false);
    expect(rest.map((event) => (event.type === "token" ? event.text : event.type))).toEqual([
      "to its end",
      "usage",
      "done",
    ]);
    await eventually("the old provider is left", () => first.connections === 0);
    await gateway.settled();
  });

  test("continues a turn that broke on the old chain, although its engines are gone", async () => {
    const { promise: held, resolve: breakOff } = Promise.withResolvers<void>();
    await start(modelsConfig({ own: base(first), next: base(second) }));
    first.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("One, two, three, "));
      await held;
      exchange.reset();
    };
    const response = await gateway.aiChat(
      aRequest(user.accessToken, { message: "Count", model: "smart" }),
      aHost(),
    );
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    await readSome(reader, (events) => events.some(({ type }) => type === "token"));
    second.script = answers("four.");
    await writeFile(file, modelsConfig({ nobody: "http://127.0.0.1:9/v1" }));
    await eventually("it is read", () => reloads().length === 1, PATIENCE_MS);
    breakOff();
    const rest = await readSome(reader, () => false);
    expect(rest.map(({ type }) => type)).toContain("done");
    expect(rest.map((event) => (event.type === "token" ? event.text : "")).join("")).toBe("four.");
    await eventually("nobody is kept connected", () => first.connections === 0);
  });

  test("brings its limits and capacity", async () => {
    await start(modelsConfig({ own: base(first) }, { limit: 7 }));
    const route = serveRoute(quota, async () => gateway.gateway);
    const limits = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${user.accessToken}` };
      const answer = await route(new Request("http://gateway.test/api/v1/quota", { headers }), aHost());
      const { user: own, company } = (await answer.json()) as {
        user: { modes: { mode: string; limit: number }[] };
        company: { modes: { mode: string; capacity: number }[] };
      };
      return [
        own.modes.find(({ mode }) => mode === "smart")?.limit,
        company.modes.find(({ mode }) => mode === "smart")?.capacity,
      ];
    };
    expect(await limits()).toEqual([7, 10_000]);
    const changed = JSON.parse(modelsConfig({ own: base(first) }, { limit: 3 }));
    changed.modes.smart.totalDailyCapacity = 55;
    await writeFile(file, JSON.stringify(changed));
    await eventually("the limits are new", async () => String(await limits()) === "3,55", PATIENCE_MS);
  });

  test("keeps what was learnt of engines that stay", async () => {
    const both = { own: base(first), next: base(second) };
    await start(modelsConfig(both));
    first.script = (exchange) => exchange.json(401, { error: { message: "Invalid API key" } });
    expect(await say()).toBe("Second.");
    const asked = first.requests.length;
    await writeFile(file, modelsConfig(both, { limit: 999 }));
    await eventually("it is read", () => reloads().length === 1, PATIENCE_MS);
    expect(await say()).toBe("Second.");
    expect(first.requests.length).toBe(asked);
  });

  test("may bring the first engine to a gateway that has none", async () => {
    await start('{"extends":"default"}');
    expect(gateway.gateway.engineSource).toBe("none");
    expect(await say()).not.toContain("First");
    await writeFile(file, toFirst());
    await untilSaying("First.");
    expect(gateway.gateway.engineSource).toBe("providers");
  });

  test("uses a key that was set at the start, which no log line shows; one that was not is told", async () => {
    await start(toFirst(), { LATER_KEY: "hush-0123456789-canary" });
    const withKey = JSON.parse(modelsConfig({ other: base(second) }, { apiKeyEnv: "LATER_KEY" }));
    withKey.providers.push({ id: "third", baseUrl: base(second), apiKeyEnv: "UNSET_KEY" });
    await writeFile(file, JSON.stringify(withKey));
    await untilSaying("Second.");
    expect(second.requests.at(-1)?.headers["authorization"]).toBe("Bearer hush-0123456789-canary");
    gateway.gateway.logger.warn("The provider said hush-0123456789-canary.");
    expect(log.join("\n")).not.toContain("hush-0123456789-canary");
    expect(log.find((line) => line.includes("UNSET_KEY"))).toContain('"provider":"third"');
  });
});

describe("a file is read again", () => {
  const WAYS: Record<string, (text: string) => Promise<void>> = {
    "when it is written over": (text) => writeFile(file, text),
    "when an editor replaces it": async (text) => {
      await writeFile(join(folder, "new"), text);
      await rename(join(folder, "new"), file);
    },
    "when it is taken away and comes back": async (text) => {
      await rm(file);
      await eventually("it is missed", () => report().error !== undefined, PATIENCE_MS);
      await writeFile(file, text);
    },
    "when it has the size and the time of before": async (text) => {
      const { atime, mtime, size } = await stat(file);
      await writeFile(file, text.padEnd(size));
      await utimes(file, atime, mtime);
    },
  };
  test.each(Object.entries(WAYS))("%s", async (_, change) => {
    await start(toFirst().padEnd(2_000));
    expect(await say()).toBe("First.");
    await change(toSecond());
    await untilSaying("Second.");
    expect(report().error).toBeUndefined();
  });

  test("when a mounted folder's link is swapped, as Kubernetes does it", async () => {
    for (const [version, text] of [
      ["v1", toFirst()],
      ["v2", toSecond()],
    ] as const) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, "models.yaml"), text);
    }
    await symlink("v1", join(folder, "..data"));
    await symlink("..data/models.yaml", file);
    await start(undefined);
    expect(await say()).toBe("First.");
    await symlink("v2", join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    await untilSaying("Second.");
  });

  test("at once when that is asked for, however it looks", async () => {
    await start(toFirst());
    await writeFile(file, toSecond());
    await gateway.gateway.configuration.reload();
    expect(await say()).toBe("Second.");
    await gateway.gateway.configuration.reload();
    expect(reloads()).toHaveLength(1);
    expect(log.at(-1)).toContain("MODELS_CONFIG is as before.");
  });
});

describe("a file that cannot be used keeps what runs, and says so", () => {
  const BROKEN: Record<string, [text: string | undefined, says: RegExp]> = {
    "no YAML": ["modes: [\n  smart", /line \d+: /],
    "a wrong key": ["extends: default\nmodez: {}\n", /line 2: the configuration: Unrecognized key/],
    "an unknown provider": [
      "extends: default\nmodes:\n  smart:\n    failover:\n      - provider: acme\n        model: m\n",
      /line 5: unknown provider "acme"/,
    ],
    empty: ["", /line 1: /],
    "not text": ["\u0000\u0001\u0002", /line 1: /],
    "a bomb of aliases": [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi".replace(/./g, (name, at) => {
        const before = "abcdefgh"[at];
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]\n`;
      })}`,
      /line 1: /,
    ],
    "too large": [" ".repeat(1024 * 1024 + 1), /larger than 1 MB/],
    "a provider's secret in its address": [
      "providers:\n  - id: x\n    baseUrl: https://me:hush-canary@example.com\nextends: default\n",
      /line 3: .*must not hold a user name or a password/,
    ],
    gone: [undefined, /cannot be read \(ENOENT\)/],
  };
  test.each(Object.entries(BROKEN))("%s", async (_, [text, says]) => {
    await start(toFirst());
    const { loadedAt } = report();
    if (text === undefined) await rm(file);
    else await writeFile(file, text);
    await eventually("it is noticed", () => report().error !== undefined, PATIENCE_MS);
    expect(report()).toMatchObject({ source: file, loadedAt, failedAt: expect.any(String) });
    expect(report().error).toMatch(says);
    expect(await say()).toBe("First.");
    // However often it is looked at.
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    const told = log.filter((line) => line.includes("cannot be used as it is now"));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? "{}").reason).toMatch(says);
    expect(log.join("\n") + JSON.stringify(report())).not.toContain("hush-canary");
    await writeFile(file, toSecond());
    await untilSaying("Second.");
    expect(report().error).toBeUndefined();
  });

  test("a pipe that nobody writes to", async (context) => {
    if (process.platform === "win32") return context.skip("there are no pipes in folders");
    await start(toFirst());
    await rm(file);
    execFileSync("mkfifo", [file]);
    await eventually("it is noticed", () => report().error?.includes("regular file") === true, PATIENCE_MS);
    expect(await say()).toBe("First.");
    await rm(file);
    await writeFile(file, toSecond());
    await untilSaying("Second.");
  });

  test("is told again whenever an operator asks for a reading", async () => {
    await start(toFirst());
    await writeFile(file, "modes: [");
    for (let asked = 1; asked <= 3; asked++) await gateway.gateway.configuration.reload();
    const told = log.filter((line) => line.includes("cannot be used as it is now"));
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(report().error).toMatch(/line \d/);
  });

  test("is not started with, if it could not be read again", async () => {
    await writeFile(file, `${toFirst()}\n${"#".repeat(1024 * 1024)}`);
    const env = { MODELS_CONFIG: file };
    await expect(readConfigText("MODELS_CONFIG", env.MODELS_CONFIG)).rejects.toThrow(/larger than 1 MB/);
    await start(toFirst());
  });

  test("and is well again when what runs comes back", async () => {
    await start(toFirst());
    await writeFile(file, "modes: [");
    await eventually("it is noticed", () => report().error !== undefined, PATIENCE_MS);
    await writeFile(file, toFirst());
    await eventually("it is well", () => report().error === undefined, PATIENCE_MS);
    expect(reloads()).toEqual([]);
  });

  test("also if only a variable contradicts it", async () => {
    await start(toFirst(), { PAID_PROVIDERS: "own" });
    await writeFile(file, toSecond());
    await eventually("it is noticed", () => report().error !== undefined, PATIENCE_MS);
    expect(report().error).toContain("PAID_PROVIDERS");
    expect(await say()).toBe("First.");
  });
});

describe("PRICES_CONFIG", () => {
  const prices = () => gateway.gateway.prices.current.facts.overrides;
  const pricesReport = () => gateway.gateway.configuration.report().prices;

  test("is read again by the same rules, beside MODELS_CONFIG", async () => {
    const path = join(folder, "prices.yaml");
    await writeFile(path, "own/m: { input: 1, output: 2 }\n");
    await start(toFirst(), { PRICES_CONFIG: path });
    expect([prices(), pricesReport().source, report().source]).toEqual([1, path, file]);
    await writeFile(path, "own/m: { input: 1, output: 2 }\nother/m: { input: 3, output: 4 }\n");
    await eventually("there are two", () => prices() === 2, PATIENCE_MS);
    await writeFile(path, "own/m: { input: 1, output: 2 }\nother/m: { input: dear }\n");
    await eventually("the mistake is told", () => pricesReport().error !== undefined, PATIENCE_MS);
    expect(pricesReport().error).toMatch(/line 2: other\/m\.input/);
    expect([prices(), report().error]).toEqual([2, undefined]);
    expect(log.filter((line) => line.includes("PRICES_CONFIG cannot be used"))).toHaveLength(1);
  });

  test("is built in without a variable", async () => {
    await start(toFirst());
    expect(pricesReport()).toEqual({ source: "built-in", loadedAt: expect.any(String) });
  });
});

describe("what is no file", () => {
  test.each([
    ["inline", { MODELS_CONFIG: '{"extends":"default"}' }],
    ["built-in", { MODELS_CONFIG: "" }],
  ])("is reported as %s; there is nothing to read again", async (source, settings) => {
    await start("", settings);
    expect(report()).toEqual({ source, loadedAt: expect.any(String) });
    await gateway.gateway.configuration.reload();
    expect(log.at(-1)).toContain("There is nothing to read again");
  });
});
