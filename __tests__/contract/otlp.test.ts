import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type Collector, startCollector } from "../support/otlp-collector.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  aRequest,
  eventually,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const [SERVER, CLIENT] = [2, 3];
const ERROR = 2;

let database: TestSupabase;
let user: TestUser;
let first: FakeUpstream;
let second: FakeUpstream;
let collector: Collector;
let gateway: TestGateway | undefined;
let log: string[];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
});
beforeEach(async () => {
  log = [];
  collector = await startCollector();
  first = await startFakeUpstream(answers("Hello."));
  second = await startFakeUpstream(answers("Hello", " there."));
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await Promise.all([collector.stop(), first.stop(), second.stop()]);
});
afterAll(() => database.stop());

async function start(
  settings: Settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
): Promise<TestGateway> {
  const config = modelsConfig({ first: `${first.origin}/v1`, second: `${second.origin}/v1` });
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: config, ENABLE_OPENAI_PROXY: "true", ...settings },
    log: (line) => log.push(line),
  });
  return gateway;
}

async function stop(): Promise<void> {
  await gateway?.stop();
  gateway = undefined;
}

/** Asks, and returns the id that the answer has. */
async function ask(headers: Record<string, string> = {}): Promise<string> {
  const message = { message: "Hi", model: "smart" };
  const answer = await (gateway ?? expect.fail()).ask(user.accessToken, message, { headers });
  return answer.headers.get("x-request-id") ?? expect.fail();
}

describe("traces", () => {
  test("a turn and its calls are spans below the client's, with the request's id; the end of the process sends them", async () => {
    await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-scope=team%20one,authorization=Basic%20abcdefgh",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-scope=traces",
      OTEL_SERVICE_NAME: "my gateway",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=production,service.name=ignored",
      OTEL_METRICS_EXPORTER: "none",
    });
    first.script = (exchange) => exchange.json(503, {});
    const before = Date.now();
    const requestId = await ask({ traceparent: `00-${TRACE}-${SPAN}-01` });
    await stop();
    const after = Date.now();
    const spans = collector.spans();
    const turn = spans.find(({ kind }) => kind === SERVER);
    expect(turn).toMatchObject({
      name: "chat smart",
      traceId: TRACE,
      parentSpanId: SPAN,
      status: 0,
      attributes: {
        "sarmalink.request_id": requestId,
        "sarmalink.status": "completed",
        "sarmalink.attempts": 2,
        "gen_ai.response.model": "m",
      },
    });
    const attempts = spans.filter(({ kind }) => kind === CLIENT);
    expect(attempts).toHaveLength(2);
    for (const { traceId, parentSpanId, startedAt, endedAt } of attempts) {
      expect([traceId, parentSpanId]).toEqual([TRACE, turn?.spanId]);
      expect(startedAt).toBeGreaterThanOrEqual(before - 50);
      expect(endedAt).toBeLessThanOrEqual(after + 50);
    }
    expect(attempts[0]).toMatchObject({ name: "chat m", status: ERROR });
    expect(attempts[0]?.attributes["error.type"]).toEqual(expect.any(String));
    expect(attempts[1]).toMatchObject({
      status: 0,
      attributes: {
        "gen_ai.provider.name": "second",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
      },
    });
    const [message] = collector.received;
    expect(message?.path).toBe("/v1/traces");
    expect(message?.headers).toMatchObject({
      "content-type": "application/json",
      "x-scope": "traces",
      authorization: "Basic abcdefgh",
    });
    expect(collector.resource()).toMatchObject({
      "service.name": "my gateway",
      "deployment.environment.name": "production",
    });
  });

  test.each([
    ["none", {}, 1],
    ["garbage", { traceparent: "garbage" }, 1],
    ["all zeros", { traceparent: `00-${"0".repeat(32)}-${SPAN}-01` }, 1],
    ["one that is not sampled", { traceparent: `00-${TRACE}-${SPAN}-00` }, 0],
  ])("a traceparent that is %s", async (_, headers, turns) => {
    await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
    await ask(headers);
    await stop();
    const spans = collector.spans().filter(({ kind }) => kind === SERVER);
    expect(spans).toHaveLength(turns);
    for (const { traceId, parentSpanId } of spans) {
      expect(traceId).not.toBe(TRACE);
      expect(parentSpanId).toBeUndefined();
    }
  });

  test.each([
    ["always_off", "1", 0],
    ["always_on", "0", 20],
    ["traceidratio", "0", 0],
    ["parentbased_traceidratio", "0", 0],
    ["parentbased_traceidratio", "1", 20],
  ])("sampler %s with %s", async (sampler, share, turns) => {
    await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: share,
      OTEL_METRICS_EXPORTER: "none",
    });
    for (let turn = 0; turn < 20; turn++) await ask();
    await stop();
    expect(collector.spans().filter(({ kind }) => kind === SERVER)).toHaveLength(turns);
  });

  test("the OpenAI-compatible routes are traced too", async () => {
    const { gateway: own } = await start();
    const route = apiRouter(async () => own);
    const works: Promise<void>[] = [];
    const path = "/api/v1/chat/completions";
    const response = await route(path)(
      new Request(`http://gateway.test${path}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${user.accessToken}`,
          "content-type": "application/json",
          traceparent: `00-${TRACE}-${SPAN}-01`,
        },
        body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hi" }] }),
      }),
      aHost({ waitUntil: (work) => works.push(work) }),
    );
    await response.text();
    await Promise.all(works);
    await stop();
    const turn = collector.spans().find(({ parentSpanId }) => parentSpanId === SPAN);
    expect(turn?.attributes["sarmalink.request_id"]).toBe(response.headers.get("x-request-id"));
  });
});

describe("metrics", () => {
  test("are sent at the interval, under the names of the conventions and ours", async () => {
    await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRIC_EXPORT_INTERVAL: "100" });
    await ask();
    await eventually("metrics", () => collector.metricNames().has("sarmalink.turns"));
    expect(collector.metricNames()).toEqual(
      new Set([
        "sarmalink.turns",
        "sarmalink.attempts",
        "sarmalink.tokens",
        "sarmalink.cost.usd",
        "sarmalink.turns.in_flight",
        "sarmalink.ledger.waiting",
        "sarmalink.ledger.parked",
        "sarmalink.ledger.oldest",
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "process_cpu",
        "process_resident_memory",
        "process_start_time",
        "nodejs_heap_size_used",
        "nodejs_eventloop_active",
        ...(collector.metricNames().has("sarmalink.free.value.usd") ? ["sarmalink.free.value.usd"] : []),
        ...["sarmalink.breaker.state", "sarmalink.bench.remaining", "sarmalink.engine.dead"].filter((name) =>
          collector.metricNames().has(name),
        ),
      ]),
    );
  });

  test("are sent at the end, however long the interval", async () => {
    await start();
    await ask();
    await stop();
    expect(collector.metricNames()).toContain("sarmalink.turns");
  });

  test("also in protobuf", async () => {
    await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" });
    await ask();
    await stop();
    const types = collector.received.map(({ headers }) => headers["content-type"]);
    expect(new Set(types)).toEqual(new Set(["application/x-protobuf"]));
    expect(collector.received.map(({ text }) => text).join("")).toContain("sarmalink.turns");
  });
});

describe("a collector that does not work", () => {
  test.each<[string, () => Settings]>([
    ["is not there", () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" })],
    [
      "takes everything and never answers",
      () => {
        collector.answer = "silent";
        return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
      },
    ],
    [
      "refuses",
      () => {
        collector.answer = 403;
        return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
      },
    ],
  ])(
    "and %s delays no turn and no end",
    async (_, settings) => {
      await start({ ...settings(), OTEL_METRIC_EXPORT_INTERVAL: "50" });
      for (let turn = 0; turn < 10; turn++) {
        const from = performance.now();
        await ask();
        expect(performance.now() - from).toBeLessThan(1_500);
      }
      const from = performance.now();
      await stop();
      expect(performance.now() - from).toBeLessThan(6_000);
      const warnings = log.filter((line) => line.includes("Metrics or traces could not be sent"));
      // One line, not one for each try.
      expect(warnings.length).toBeLessThanOrEqual(1);
    },
    20_000,
  );

  test("a redirect is not followed", async () => {
    const other = await startCollector();
    first.script = (exchange) => exchange.respond(307, "", { location: `${other.url}/v1/traces` });
    await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${first.origin}/v1/traces` });
    await ask();
    await stop();
    expect(other.received).toEqual([]);
    await other.stop();
  });
});

test("nothing is read from the process's environment behind the settings", async () => {
  const other = await startCollector();
  const names = {
    OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${other.url}/v1/traces`,
    OTEL_EXPORTER_OTLP_HEADERS: "x-leak=1",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_RESOURCE_ATTRIBUTES: "leak=1",
    OTEL_SERVICE_NAME: "leak",
    OTEL_TRACES_SAMPLER: "always_off",
  };
  const before = Object.fromEntries(Object.keys(names).map((name) => [name, process.env[name]]));
  Object.assign(process.env, names);
  try {
    await start();
    await ask();
    await stop();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  expect(other.received).toEqual([]);
  expect(collector.received.length).toBeGreaterThan(0);
  for (const { headers, text } of collector.received) {
    expect([headers["x-leak"], headers["content-encoding"]]).toEqual([undefined, undefined]);
    expect(text).not.toContain("leak");
  }
  await other.stop();
});

test("on Vercel, what an answer leaves behind is sent before the process is frozen", async () => {
  const { gateway: own } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, VERCEL: "1" });
  await ask();
  await gateway?.settled();
  expect(collector.received).toEqual([]);
  await own.telemetry.flushBehindAnswer();
  expect(collector.spans().map(({ name }) => name)).toContain("chat smart");
  expect(collector.metricNames()).toContain("sarmalink.turns");
});

test("no content, no key and no address is ever sent", async () => {
  const [question, answer, place] = ["a-very-secret-question", "a-very-secret-answer", "203.0.113.77"];
  await start();
  second.script = answers(answer);
  first.script = (exchange) =>
    exchange.json(400, { error: { message: `${question} is bad: ${user.accessToken}` } });
  const works: Promise<void>[] = [];
  const host = aHost({ remoteAddress: place, waitUntil: (work) => works.push(work) });
  const request = aRequest(user.accessToken, { message: question, model: "smart" });
  const response = await gateway?.aiChat(request, host);
  expect(await response?.text()).toContain(answer);
  await Promise.all(works);
  const scraped = await gateway?.gateway.telemetry.scrape();
  await stop();
  const sent = [...collector.received.map(({ text }) => text), scraped].join("\n");
  expect(sent).toContain("chat smart");
  for (const secret of [question, answer, place, user.accessToken, user.userId])
    expect(sent).not.toContain(secret);
});
