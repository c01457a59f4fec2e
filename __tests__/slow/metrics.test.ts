import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type Collector, startCollector } from "../support/otlp-collector.ts";
import { parsePrometheus } from "../support/prometheus.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { databaseSettings, eventually, modelsConfig, type Settings } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

const TOKEN = "a-token-for-the-metrics";

let database: TestSupabase;
let user: TestUser;
let upstream: FakeUpstream;
let collector: Collector;
const running: ServedGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  upstream = await startFakeUpstream(answers("Hello."));
  collector = await startCollector();
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
});
afterAll(async () => {
  await Promise.all([upstream.stop(), collector.stop()]);
  await database.stop();
});

async function start(host: HostName, settings: Settings): Promise<ServedGateway> {
  const gateway = await serveGateway(host, {
    ...databaseSettings(database),
    MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }),
    METRICS_TOKEN: TOKEN,
    ...settings,
  });
  running.push(gateway);
  return gateway;
}

/** Connections that are not kept: each request may reach another worker. */
const close = { connection: "close" };

async function ask({ url }: ServedGateway): Promise<string> {
  const response = await fetch(`${url}/api/ai-chat`, {
    method: "POST",
    headers: { ...close, authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ message: "Hi", model: "smart" }),
  });
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get("x-request-id") ?? "";
}

async function scrape({ url }: ServedGateway, signal?: AbortSignal) {
  const response = await fetch(`${url}/api/metrics`, {
    headers: { ...close, authorization: `Bearer ${TOKEN}` },
    ...(signal === undefined ? {} : { signal }),
  });
  expect(response.status).toBe(200);
  return parsePrometheus(await response.text());
}

/**
 * Node hands a connection to a worker and waits for its word. If the worker dies in between, nobody answers, and
 * nobody closes the connection: the client has to give up and ask again, as Prometheus does.
 */
async function scrapePatiently(gateway: ServedGateway): ReturnType<typeof scrape> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await scrape(gateway, AbortSignal.timeout(3_000));
    } catch (error) {
      const isSilence = error instanceof Error && error.name === "TimeoutError";
      // A reset: the worker had taken the connection when it died.
      if (attempt === 5 || !(isSilence || error instanceof TypeError)) throw error;
    }
  }
}

const workersIn = (families: Awaited<ReturnType<typeof scrape>>): unknown[] =>
  (families.get("process_resident_memory_bytes")?.samples ?? []).map(({ labels }) => labels["worker"]);
const turnsIn = (families: Awaited<ReturnType<typeof scrape>>): number =>
  (families.get("sarmalink_turns_total")?.samples ?? []).reduce((sum, { value }) => sum + value, 0);

test("with four workers, one scrape shows all of them, also after one has died", async () => {
  const gateway = await start("start", { WORKERS: "4" });
  for (let turn = 0; turn < 40; turn++) await ask(gateway);
  // Whichever worker answers.
  for (let round = 0; round < 8; round++) {
    const families = await scrape(gateway);
    expect(workersIn(families)).toEqual(["1", "2", "3", "4"]);
    expect(turnsIn(families)).toBe(40);
  }
  const workers = execFileSync("ps", ["-o", "pid=", "--ppid", String(gateway.pid)], { encoding: "utf8" });
  const [victim = 0] = workers.trim().split(/\s+/).map(Number);
  process.kill(victim, "SIGKILL");
  // At once: three of them, or the fourth again.
  const after = await scrapePatiently(gateway);
  expect(workersIn(after).length).toBeGreaterThanOrEqual(3);
  const areFour = async (): Promise<boolean> => workersIn(await scrapePatiently(gateway)).length === 4;
  await eventually("there are four again", areFour, 15_000);
  expect(workersIn(await scrapePatiently(gateway))).toEqual(["1", "2", "3", "4"]);
});

test("one process has no worker label", async () => {
  const gateway = await start("start", {});
  expect(workersIn(await scrape(gateway))).toEqual([undefined]);
});

test.each<HostName>(["start", "next-start"])(
  "under %s, turns are traced, and sent before the end",
  async (host) => {
    const gateway = await start(host, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: `under ${host}`,
    });
    const requestId = await ask(gateway);
    expect(turnsIn(await scrape(gateway))).toBe(1);
    const sent = (): string => {
      const texts = collector.received.map(({ text }) => text);
      return texts.filter((text) => text.includes(`under ${host}`)).join("\n");
    };
    // Next.js ends as the signal says, and waits for nothing: there it is sent behind the answer.
    if (host === "next-start") {
      await eventually("the turn is sent", () => sent().includes(requestId), 10_000);
    }
    expect(await running.pop()?.stop()).toBe(host === "start" ? 0 : 143);
    expect(sent()).toContain(requestId);
    expect(sent()).toContain("sarmalink.turns");
  },
);
