import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { serveRoute } from "#lib/server/http/route.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import { metrics } from "#lib/server/routes/metrics.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { answers, textChunk } from "../support/fake-upstream.ts";
import { readSome } from "../support/native-client.ts";
import { parsePrometheus, sampleValue } from "../support/prometheus.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aHost, aRequest, createKey, type Settings } from "../support/test-gateway.ts";

const TOKEN = "a-token-for-the-metrics";

let database: TestSupabase;
let user: TestUser;
let key: string;
let running: ProxyGateway | undefined;

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  key = await createKey(database, user.userId);
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
});
afterAll(() => database.stop());

async function start(settings: Settings = { METRICS_TOKEN: TOKEN }): Promise<ProxyGateway> {
  running = await startProxyGateway(database, settings);
  return running;
}

async function scrapeWith(headers: Record<string, string>): Promise<Response> {
  const gateway = running?.gateway.gateway ?? expect.fail("no gateway");
  const request = new Request("http://gateway.test/api/metrics", { headers });
  return serveRoute(metrics, async () => gateway)(request, aHost());
}

async function scrape() {
  const response = await scrapeWith({ authorization: `Bearer ${TOKEN}` });
  expect(response.status).toBe(200);
  return parsePrometheus(await response.text());
}

/** How many turns ended in each way, by the metrics. */
async function turnsByStatus(): Promise<Record<string, number>> {
  const byStatus: Record<string, number> = {};
  for (const { labels, value } of (await scrape()).get("sarmalink_turns_total")?.samples ?? []) {
    const { status = "" } = labels;
    byStatus[status] = (byStatus[status] ?? 0) + value;
  }
  return byStatus;
}

describe("who may read them", () => {
  test.each([
    { settings: { METRICS_TOKEN: TOKEN }, bearer: TOKEN, status: 200 },
    { settings: { METRICS_TOKEN: TOKEN }, bearer: `${TOKEN}x`, status: 401 },
    { settings: { METRICS_TOKEN: TOKEN }, bearer: TOKEN.slice(0, -1), status: 401 },
    { settings: { METRICS_TOKEN: TOKEN }, bearer: undefined, status: 401 },
    { settings: {}, bearer: undefined, status: 401 },
    { settings: {}, bearer: "undefined", status: 401 },
    { settings: {}, bearer: TOKEN, status: 401 },
  ])("$settings, bearer $bearer: $status", async ({ settings, bearer, status }) => {
    await start(settings as Settings);
    const response = await scrapeWith(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` });
    expect(response.status).toBe(status);
    if (status === 200)
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("an administrator may, another user and their key may not", async () => {
    const other = await database.signUp();
    await start({ ADMIN_USER_IDS: user.userId });
    const statusOf = async (bearer: string): Promise<number> =>
      (await scrapeWith({ authorization: `Bearer ${bearer}` })).status;
    expect(await statusOf(user.accessToken)).toBe(200);
    expect(await statusOf(other.accessToken)).toBe(403);
    expect(await statusOf(key)).toBe(403);
  });

  test("a database that is away does not hide them", async () => {
    running = await startProxyGateway({ ...database, url: "http://127.0.0.1:1" }, { METRICS_TOKEN: TOKEN });
    expect((await scrape()).has("sarmalink_ledger_waiting")).toBe(true);
  });

  test("switched off, whoever may read them is told", async () => {
    await start({ METRICS_TOKEN: TOKEN, OTEL_SDK_DISABLED: "true" });
    const response = await scrapeWith({ authorization: `Bearer ${TOKEN}` });
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining("not_configured"),
    ]);
  });
});

describe("every turn is counted once, however it ends", () => {
  const post = (gateway: ProxyGateway, path: string, body: object): Promise<Response> =>
    gateway.fetch(`${gateway.baseUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const HI = [{ role: "user", content: "Hi" }];

  test("the metrics say what the ledger says", async () => {
    const before = await database.sql`select id from public.ai_chat_usage`;
    const gateway = await start();
    const { first, second, gateway: native } = gateway;
    await native.ask(user.accessToken, { message: "Hi", model: "smart" });
    await (await post(gateway, "/chat/completions", { model: "smart", messages: HI })).text();
    await (await post(gateway, "/chat/completions", { model: "first/m", messages: HI, stream: true })).text();
    // Failed over, and failed.
    first.script = (exchange) => exchange.json(500, {});
    await native.ask(user.accessToken, { message: "Hi", model: "smart" });
    second.script = (exchange) => exchange.json(500, {});
    await native.ask(user.accessToken, { message: "Hi", model: "smart" });
    await (await post(gateway, "/messages", { model: "smart", max_tokens: 5, messages: HI })).text();
    // Left, and interrupted by a shutdown.
    for (const reason of [new Error("left"), new GatewayError("stream_interrupted", "The server stops.")]) {
      first.script = async (exchange) => {
        await exchange.startStream();
        await exchange.event(textChunk("Some"));
      };
      const client = new AbortController();
      const request = aRequest(
        user.accessToken,
        { message: "Hi", model: "smart" },
        { signal: client.signal },
      );
      const response = await native.aiChat(request, aHost());
      const reader = response.body?.getReader() ?? expect.fail();
      await readSome(reader, (events) => events.some(({ type }) => type === "token"));
      client.abort(reason);
      await reader.read().catch(() => undefined);
      await reader.cancel().catch(() => undefined);
    }
    await Promise.all([gateway.settled(), native.settled()]);
    const ids = before.map(({ id }) => String(id));
    const stored = await database.sql<{ status: string; count: string }[]>`
      select status, count(*) from public.ai_chat_usage
      where id::text <> all(${ids}) group by status`;
    const counted = await turnsByStatus();
    expect(counted).toEqual(Object.fromEntries(stored.map(({ status, count }) => [status, Number(count)])));
    expect(counted).toEqual({ completed: 4, failed: 2, cancelled: 1, interrupted: 1 });
    const families = await scrape();
    expect(sampleValue(families, "sarmalink_turns_in_flight")).toBe(0);
    for (const { labels } of families.get("sarmalink_turns_total")?.samples ?? []) {
      expect([...API.routes.map(({ path }) => path), "internal"]).toContain(labels["route"]);
    }
  });

  test("a turn that the quota refuses is refused, and none of the ledger's", async () => {
    const person = await database.signUp();
    const gateway = await start();
    const limit = gateway.gateway.gateway.chat.modes.smart.perUserDailyLimit;
    await database.sql`
      insert into public.ai_quota_counters (user_id, tier, day, used)
      values (${person.userId}, 'smart', (now() at time zone 'utc')::date, ${limit})`;
    expect((await gateway.gateway.ask(person.accessToken, { message: "Hi", model: "smart" })).status).toBe(
      429,
    );
    expect(await turnsByStatus()).toEqual({ refused: 1 });
  });

  test("attempts, tokens and the conventions' histograms are those of each engine", async () => {
    const gateway = await start();
    gateway.first.script = (exchange) => exchange.json(503, {});
    gateway.second.script = answers("Hello.");
    await (await post(gateway, "/chat/completions", { model: "smart", messages: HI, stream: true })).text();
    await gateway.settled();
    const families = await scrape();
    const value = (name: string, labels: Record<string, string>) => sampleValue(families, name, labels);
    const [first, second] = [
      { provider: "first", model: "m" },
      { provider: "second", model: "m" },
    ];
    const outcomes = families.get("sarmalink_attempts_total")?.samples.map(({ labels }) => labels);
    expect(outcomes).toEqual([
      { ...first, outcome: expect.not.stringMatching(/^ok$/) },
      { ...second, outcome: "ok" },
    ]);
    expect(value("sarmalink_tokens_total", { ...second, kind: "prompt" })).toBeGreaterThan(0);
    expect(value("sarmalink_tokens_total", { ...first, kind: "prompt" })).toBeUndefined();
    const named = {
      gen_ai_operation_name: "chat",
      gen_ai_provider_name: "second",
      gen_ai_request_model: "m",
    };
    expect(value("gen_ai_client_operation_duration_seconds_count", named)).toBe(1);
    expect(value("gen_ai_client_operation_time_to_first_chunk_seconds_count", named)).toBe(1);
    expect(value("gen_ai_client_token_usage_count", { ...named, gen_ai_token_type: "output" })).toBe(1);
    const failed = { gen_ai_provider_name: "first", error_type: outcomes?.[0]?.["outcome"] ?? "" };
    expect(value("gen_ai_client_operation_duration_seconds_count", failed)).toBe(1);
    expect(value("process_resident_memory_bytes", {})).toBeGreaterThan(1_000_000);
  });

  test("models that nobody has do not become series", async () => {
    const gateway = await start();
    gateway.first.script = (exchange) =>
      exchange.json(404, { error: { code: "model_not_found", message: "no such model" } });
    for (let index = 0; index < 20; index++) {
      await (
        await post(gateway, "/chat/completions", { model: `first/made-up-${index}`, messages: HI })
      ).text();
    }
    await gateway.settled();
    const samples = [...(await scrape()).values()].flatMap((family) => family.samples);
    const models = samples.flatMap(({ labels }) => labels["model"] ?? labels["gen_ai_request_model"] ?? []);
    expect(new Set(models)).toEqual(new Set(["other"]));
  });

  test("an engine that is left alone shows it", async () => {
    const gateway = await start();
    gateway.first.script = (exchange) =>
      exchange.json(404, { error: { code: "model_not_found", message: "no such model" } });
    await (await post(gateway, "/chat/completions", { model: "smart", messages: HI })).text();
    const families = await scrape();
    const first = { provider: "first", model: "m", scope: "chat" };
    expect(sampleValue(families, "sarmalink_engine_dead", first)).toBe(1);
    expect(sampleValue(families, "sarmalink_bench_remaining_seconds", first)).toBeGreaterThan(1_000);
  });

  test.each([
    { status: 429, headers: { "retry-after": "40" }, atLeast: 30 },
    { status: 402, headers: {}, atLeast: 500 },
  ])("also if its keys are: $status", async ({ status, headers, atLeast }) => {
    const gateway = await start();
    await (await post(gateway, "/chat/completions", { model: "smart", messages: HI })).text();
    gateway.first.script = (exchange) => exchange.json(status, { error: { message: "no" } }, headers);
    await (await post(gateway, "/chat/completions", { model: "smart", messages: HI })).text();
    const labels = { provider: "first", model: "m", scope: "chat" };
    const value = sampleValue(await scrape(), "sarmalink_bench_remaining_seconds", labels);
    expect(value).toBeGreaterThan(atLeast);
  });
});
