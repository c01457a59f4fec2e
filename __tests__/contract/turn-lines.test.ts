import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, startFakeUpstream } from "../support/fake-upstream.ts";
import { startCollector } from "../support/otlp-collector.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import type { Settings } from "../support/test-gateway.ts";

type Line = Record<string, unknown>;

let database: TestSupabase;
let user: TestUser;
let running: ProxyGateway;
let log: string[];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
});
beforeEach(() => {
  log = [];
});
afterEach(() => running.stop());
afterAll(() => database.stop());

async function start(settings: Settings = {}): Promise<void> {
  running = await startProxyGateway(database, settings, (line) => log.push(line));
}

async function ask(message = "Hi"): Promise<string> {
  const answer = await running.gateway.ask(user.accessToken, { message, model: "smart" });
  await running.gateway.settled();
  return answer.headers.get("x-request-id") ?? expect.fail();
}

/** What the log says of one request. */
function linesOf(requestId: string): Line[] {
  return log.map((line) => JSON.parse(line) as Line).filter((line) => line["requestId"] === requestId);
}

describe("the log of turns", () => {
  test("one line says what became of a request, one before it each call that failed", async () => {
    await start();
    running.first.script = (exchange) => exchange.json(503, { error: { message: "busy" } });
    running.second.script = answers("Hello", " there.");
    const [failed, turn, ...more] = linesOf(await ask());
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ level: "warn", engine: "first/m", attempt: 1, status: 503 });
    expect(turn).toEqual({
      time: expect.any(String),
      level: "info",
      message: "turn",
      requestId: expect.any(String),
      ...(turn?.["route"] === undefined ? {} : { route: "/api/ai-chat" }),
      mode: "smart",
      status: "completed",
      caller: "user",
      engine: "second/m",
      attempts: 2,
      outcomes: `first/m ${failed?.["outcome"]}; second/m ok`,
      durationMs: expect.any(Number),
      firstTokenMs: expect.any(Number),
      promptTokens: 10,
      completionTokens: 2,
      cachedTokens: 0,
      costUsd: turn?.["costUsd"],
      usageSource: "exact",
    });
  });

  test("attempts are numbered", async () => {
    await start();
    for (const upstream of [running.first, running.second]) {
      upstream.script = (exchange) => exchange.json(500, {});
    }
    const lines = linesOf(await ask());
    const attempts = lines.filter((line) => line["attempt"] !== undefined);
    expect(attempts.map((line) => [line["engine"], line["attempt"]])).toEqual([
      ["first/m", 1],
      ["second/m", 2],
    ]);
    expect(lines.at(-1)).toMatchObject({ message: "turn", status: "failed" });
  });

  test.each([
    [{ LOG_TURNS: "off" }, ["warn"]],
    [{ LOG_LEVEL: "warn" }, ["warn"]],
    [{ LOG_LEVEL: "ERROR" }, []],
    [{ LOG_LEVEL: "debug" }, ["warn", "info"]],
  ])("%j", async (settings, levels) => {
    await start(settings);
    running.first.script = (exchange) => exchange.json(503, {});
    expect(linesOf(await ask()).map((line) => line["level"])).toEqual(levels);
  });
});

/** As it would be known only by its value: nothing about it looks like a key. */
const CANARY = "canary.of.a.provider.zzzzzzzzz";
const COLLECTOR_KEY = "canary.of.a.collector.yyyyyyyy";

test.each<[string, (key: string) => unknown]>([
  ["in a text", (key) => ({ error: { message: `Invalid key ${key}.` } })],
  ["in a query", (key) => ({ error: { message: `GET /v1/models?api_key=${encodeURIComponent(key)}&x=1` } })],
  [
    "in JSON in a text",
    (key) => ({ error: { message: JSON.stringify({ api_key: key, authorization: `Bearer ${key}` }) } }),
  ],
  [
    "in a header in a text",
    (key) => ({ error: { message: `x-api-key: ${key}\nauthorization: Basic ${btoa(key)}` } }),
  ],
  [
    "in every field",
    (key) => ({ error: { message: key, type: key, code: key, param: key, metadata: { raw: key } } }),
  ],
  ["as the names of fields", (key) => ({ error: { message: "bad", [key]: key }, [key]: 1 })],
])("a provider that says its key %s: it is in no line, no metric and no span", async (_, says) => {
  const collector = await startCollector();
  const upstream = await startFakeUpstream((exchange) => exchange.json(500, {}));
  await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `api-key=${COLLECTOR_KEY}`,
    METRICS_TOKEN: "canary.of.the.metrics",
    MODELS_CONFIG: JSON.stringify({
      extends: "default",
      providers: [{ id: "first", baseUrl: `${upstream.origin}/v1`, apiKeyEnv: "GROQ_API_KEY" }],
      modes: { smart: { failover: [{ provider: "first", model: "m", label: "first" }] } },
    }),
    GROQ_API_KEY: CANARY,
  });
  upstream.script = (exchange) => exchange.json(401, says(CANARY));
  await ask("A message");
  upstream.script = (exchange) => exchange.json(500, says(CANARY));
  await ask("Another message");
  const scraped = await running.gateway.gateway.telemetry.scrape();
  await running.gateway.gateway.telemetry.close();
  const written = [...log, scraped, ...collector.received.map(({ text }) => text)].join("\n");
  expect(written).toContain("first/m");
  for (const secret of [
    CANARY,
    encodeURIComponent(CANARY),
    btoa(CANARY),
    COLLECTOR_KEY,
    "canary.of.the.metrics",
  ]) {
    expect(written).not.toContain(secret);
  }
  await upstream.stop();
  await collector.stop();
});
