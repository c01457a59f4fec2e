import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { z } from "zod";
import { adminHealthSchema } from "#lib/apis/native/admin-health-answer-schema.ts";
import { serveRoute } from "#lib/server/http/route.ts";
import { chatCompletions } from "#lib/server/routes/chat-completions.ts";
import { createHealthBlocks } from "#lib/server/wiring/health-blocks.ts";
import type { MAKERS } from "#lib/server/wiring/parts.ts";
import { apiClient } from "../support/api-client.ts";
import { noteDatabaseCalls } from "../support/database-calls.ts";
import {
  answers,
  type Exchange,
  type FakeUpstream,
  isStreaming,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  type Settings,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

type Health = z.infer<typeof adminHealthSchema>;

let database: TestSupabase;
let admin: TestUser;
let groq: FakeUpstream;
let dear: FakeUpstream;
const open: TestGateway[] = [];

/** Prices of the library, and of our own table: USD per million tokens. */
const LLAMA = { input: 0.59, output: 0.79 };
const GPT = { input: 5, cached: 0.5, output: 30 };
const M = 1_000_000;
const FREE = "llama-3.3-70b-versatile";

beforeAll(async () => {
  groq = await startFakeUpstream(answers("Hi."));
  dear = await startFakeUpstream(answers("Hi."));
});
afterAll(async () => {
  await groq.stop();
  await dear.stop();
});
beforeEach(async () => {
  database = await startTestSupabase();
  admin = await database.signUp();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
  await database.stop();
});

/** `smart` and `coder` begin with a free engine of Groq's and go on with one that bills; `fast` has the free one alone. */
async function start(settings: Settings = {}, makers: Partial<typeof MAKERS> = {}) {
  const free = { provider: "groq", model: FREE };
  const billed = { provider: "dear", model: "gpt-5.5" };
  const config = {
    extends: "default",
    providers: [{ id: "dear", baseUrl: `${dear.origin}/v1` }],
    modes: {
      smart: { failover: [free, billed] },
      coder: { failover: [{ provider: "groq", model: "qwen/qwen3-32b" }, billed] },
      fast: { failover: [free] },
      ...Object.fromEntries(["reasoner", "live", "vision"].map((mode) => [mode, { failover: [billed] }])),
    },
  };
  const gateway = await startTestGateway({
    database,
    makers,
    settings: {
      MODELS_CONFIG: JSON.stringify(config),
      GROQ_API_KEY: "groq-canary-one",
      GROQ_API_KEY_2: "groq-canary-two",
      GROQ_BASE_URL: `${groq.origin}/v1`,
      COHERE_API_KEY: "cohere-canary",
      ADMIN_USER_IDS: admin.userId,
      ENABLE_OPENAI_PROXY: "on",
      ENABLE_MEMORY: "off",
      ...settings,
    },
  });
  open.push(gateway);
  const call = apiClient(() => gateway.gateway);
  const complete = serveRoute(chatCompletions, async () => gateway.gateway);
  const works: Promise<void>[] = [];
  return {
    gateway,
    get: (query = "") => call("GET", `/api/admin/health${query}`, admin.accessToken),
    health: async (query = ""): Promise<Health> => {
      const { status, headers, body } = await call("GET", `/api/admin/health${query}`, admin.accessToken);
      expect(status).toBe(200);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(JSON.stringify(body)).not.toContain("canary");
      // Nothing that is not documented.
      expect(adminHealthSchema.parse(body)).toEqual(body);
      return body as Health;
    },
    say: async (model: string) => {
      const answer = await gateway.ask(admin.accessToken, { message: "Hi", model });
      await gateway.settled();
      return answer;
    },
    complete: async (model: string) => {
      const response = await complete(
        new Request("http://gateway.test/api/v1/chat/completions", {
          method: "POST",
          headers: { authorization: `Bearer ${admin.accessToken}`, "content-type": "application/json" },
          body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }] }),
        }),
        aHost({ waitUntil: (work) => works.push(work) }),
      );
      await response.text();
      await Promise.all(works);
      return response.status;
    },
  };
}

type Usage = { prompt: number; completion: number; cached?: number };

/** Answers well, and reports this usage. */
const used =
  ({ prompt, completion, cached = 0 }: Usage) =>
  async (exchange: Exchange): Promise<void> => {
    const usage = {
      ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
      prompt_tokens_details: { cached_tokens: cached },
    };
    const whole = { message: { role: "assistant", content: "Answered." }, index: 0, finish_reason: "stop" };
    if (!isStreaming(exchange.request)) return exchange.json(200, { id: "1", choices: [whole], usage });
    await exchange.startStream();
    await exchange.event(textChunk("Answered."));
    await exchange.event(textChunk("", "stop"));
    await exchange.event({ id: "1", object: "chat.completion.chunk", choices: [], usage });
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
const refuses =
  (status: number, message: string, headers: Record<string, string> = {}) =>
  (exchange: Exchange): Promise<void> =>
    exchange.json(status, { error: { message } }, headers);

const providerOf = ({ providers }: Health, id: string) =>
  providers.find((provider) => provider.id === id) ?? expect.fail(`There is no provider ${id}.`);
const engineOf = (health: Health, id: string, model: string) =>
  providerOf(health, id).engines.find((engine) => engine.model === model) ??
  expect.fail(`No ${id}/${model}.`);
const modeOf = ({ modes }: Health, id: string) => modes.find(({ mode }) => mode === id);
const calls = ({ calls, succeeded, rateLimited, successRate, outcomes }: Health["providers"][number]) => ({
  ...{ calls, succeeded, rateLimited, successRate, outcomes },
});
const nothing = { calls: 0, succeeded: 0, rateLimited: 0, successRate: null, outcomes: {} };

test("a day through the real routes: every figure is what its calls add up to", async () => {
  const { health, say, complete, gateway } = await start();
  // Three free calls: 2 x (1,000 in, 500 out) and 1 x (600 in, 100 out).
  groq.script = used({ prompt: 1_000, completion: 500 });
  await say("smart");
  await complete("fast");
  groq.script = used({ prompt: 600, completion: 100 });
  await say("fast");
  // Both keys of the free model are at their limit: two calls, and a third engine answers.
  groq.script = refuses(429, "slow down", { "retry-after": "30" });
  dear.script = used({ prompt: 2_000, cached: 1_000, completion: 100 });
  await say("smart");
  // While they are benched they are not called.
  dear.script = used({ prompt: 100, completion: 10 });
  expect(await complete("smart")).toBe(200);
  // Nobody answers.
  dear.script = refuses(500, "broken");
  await say("smart");
  await gateway.settled();

  const answer = await health();
  expect(answer.database).toEqual({ status: "ok", complete: true, percentiles: "exact" });
  expect(calls(providerOf(answer, "groq"))).toEqual({
    ...{ calls: 5, succeeded: 3, rateLimited: 2, successRate: 0.6, outcomes: { ok: 3, rate_limited: 2 } },
  });
  expect(calls(providerOf(answer, "dear"))).toEqual({
    ...{ calls: 3, succeeded: 2, rateLimited: 0, successRate: 0.6667, outcomes: { ok: 2, server_error: 1 } },
  });
  // Configured and never called; and an engine of a chain that was not.
  expect(calls(providerOf(answer, "cohere"))).toEqual(nothing);
  expect(engineOf(answer, "groq", "qwen/qwen3-32b")).toMatchObject({ ...nothing, modes: ["coder"] });
  const free = engineOf(answer, "groq", FREE);
  expect(free).toMatchObject({
    calls: 5,
    succeeded: 3,
    modes: ["smart", "fast"],
    breaker: "closed",
    dead: false,
  });
  const { p50, p95, p99 } = free.latencyMs ?? expect.fail("no latency");
  expect(p50).toBeLessThanOrEqual(p95 ?? -1);
  expect(p95).toBeLessThanOrEqual(p99 ?? -1);

  // Benched for half a minute, both keys; the other model of the provider is not.
  const wait = Date.parse(free.benchedUntil ?? "") - Date.parse(answer.generatedAt);
  expect(wait).toBeGreaterThan(20_000);
  expect(wait).toBeLessThanOrEqual(30_000);
  expect(free.benches.map(({ level, cause, keyIndex }) => [level, cause, keyIndex]).toSorted()).toEqual([
    ["key_and_model", "rate_limited", 0],
    ["key_and_model", "rate_limited", 1],
  ]);
  expect(providerOf(answer, "groq")).toMatchObject({ alarms: [], keys: [{ index: 0 }, { index: 1 }] });
  expect(providerOf(answer, "groq").benchedUntil).toBeUndefined();

  // smart: depths 0, 2, 0 and 0 (one call each but for the second turn); fast: 0, 0.
  expect(modeOf(answer, "smart")).toEqual({
    ...{ mode: "smart", turns: 4, statuses: { completed: 3, failed: 1 } },
    ...{ failoverDepth: { mean: 0.5, max: 2 }, engines: [`groq/${FREE}`, "dear/gpt-5.5"] },
  });
  expect(modeOf(answer, "fast")).toMatchObject({ turns: 2, failoverDepth: { mean: 0, max: 0 } });
  expect(modeOf(answer, "vision")).toMatchObject({ turns: 0, engines: ["dear/gpt-5.5"] });

  const paid =
    (1_000 * GPT.input + 1_000 * GPT.cached + 100 * GPT.output + 100 * GPT.input + 10 * GPT.output) / M;
  const freeValue = (2_600 * LLAMA.input + 1_100 * LLAMA.output) / M;
  const savings = (1_000 * (GPT.input - GPT.cached)) / M;
  const known = { unknownCalls: 0, estimatedCalls: 0 };
  const period = {
    ...{ total: paid, paid, free: 0, cachedSavings: savings, freeTierValue: freeValue, calls: 5, ...known },
    models: [
      {
        ...{
          provider: "dear",
          model: "gpt-5.5",
          calls: 2,
          paidCalls: 2,
          promptTokens: 2_100,
          cachedTokens: 1_000,
        },
        ...{ cacheWriteTokens: 0, completionTokens: 110, reasoningTokens: 0, costUsd: paid, listUsd: paid },
        ...{ cachedSavingsUsd: savings, ...known },
      },
      {
        ...{ provider: "groq", model: FREE, calls: 3, paidCalls: 0, promptTokens: 2_600, cachedTokens: 0 },
        ...{
          cacheWriteTokens: 0,
          completionTokens: 1_100,
          reasoningTokens: 0,
          costUsd: 0,
          listUsd: freeValue,
        },
        ...{ cachedSavingsUsd: 0, ...known },
      },
    ],
  };
  expect(rounded(answer.cost)).toEqual(
    rounded({ currency: "USD", today: period, last7Days: period, last30Days: period }),
  );
  expect(answer.ledger).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
});

/** To a billionth of a dollar: sums of floating point differ in the last digits. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === "number" ? Number(one.toFixed(9)) : one)),
  ) as unknown;
}

test("an answer that broke off and was continued: two calls, one turn, a depth of one", async () => {
  const { health, say } = await start();
  groq.script = async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("The first half of an answer, long enough to "));
    await exchange.event({ error: { message: "overloaded" } });
    await exchange.endStream();
  };
  dear.script = used({ prompt: 300, completion: 50 });
  const { text } = await say("coder");
  expect(text).toContain("The first half");
  const answer = await health();
  expect(engineOf(answer, "groq", "qwen/qwen3-32b")).toMatchObject({ calls: 1, succeeded: 0 });
  expect(engineOf(answer, "dear", "gpt-5.5")).toMatchObject({ calls: 1, succeeded: 1 });
  expect(modeOf(answer, "coder")).toMatchObject({ turns: 1, failoverDepth: { mean: 1, max: 1 } });
  expect(rounded(answer.cost?.today)).toMatchObject({
    total: (300 * GPT.input + 50 * GPT.output) / M,
    unknownCalls: 0,
  });
});

test("rows that no gateway valued: hand-made ones, and those of older gateways", async () => {
  const { health } = await start();
  const rows = [
    { ...{ model: FREE, backend: "groq", prompt: 1_000, cached: 0, completion: 200 }, cost: 0 },
    { ...{ model: "gpt-5.5", backend: "dear", prompt: 3_000, cached: 2_000, completion: 10 }, cost: 0.0063 },
    { ...{ model: "gpt-5.5", backend: "dear", prompt: 10, cached: 0, completion: 1 }, cost: null },
    { ...{ model: "unheard-of", backend: "nobody", prompt: 5, cached: 0, completion: 5 }, cost: 0.25 },
  ];
  for (const { model, backend, prompt, cached, completion, cost } of rows) {
    await database.sql`
      insert into public.ai_chat_usage (id, user_id, tier, quota_day, model, backend, prompt_tokens, cached_tokens,
        completion_tokens, cost_usd, status, usage_source, delivered, settle_hash)
      values (${randomUUID()}, ${admin.userId}, 'smart', current_date, ${model}, ${backend}, ${prompt}, ${cached},
        ${completion}, ${cost}, 'completed', 'exact', true, sha256('x'))`;
  }
  const { cost, providers } = await health();
  expect(rounded(cost?.today)).toMatchObject({
    ...{ total: 0.2563, paid: 0.2563, free: 0, calls: 4, unknownCalls: 1, estimatedCalls: 0 },
    freeTierValue: Number(((1_000 * LLAMA.input + 200 * LLAMA.output) / M).toFixed(9)),
    cachedSavings: Number(((2_000 * (GPT.input - GPT.cached)) / M).toFixed(9)),
  });
  // They are not in the log of attempts, so no provider was called.
  expect(providers.map(({ calls }) => calls)).toEqual(providers.map(() => 0));
});

test("turns as a gateway sends them that knows what each attempt used", async () => {
  const { health } = await start();
  const attempt = (changes: Record<string, unknown>) => ({
    ...{ model_id: FREE, backend: "groq", key_index: 0, status: "ok", latency_ms: 100, first_token_ms: 10 },
    ...{
      started_ms: 0,
      tokens_out: 1,
      meta: {},
      prompt_tokens: 100,
      cached_tokens: 0,
      cache_write_tokens: 0,
    },
    ...{ completion_tokens: 20, reasoning_tokens: 5, usage_source: "exact", billed: false, cost_usd: 0 },
    ...{ list_usd: 0.001, cached_savings_usd: 0, ...changes },
  });
  const billed = { backend: "dear", model_id: "gpt-5.5", billed: true };
  const turns = [
    // 20 answers of 100, 200 … 2,000 ms.
    ...Array.from({ length: 20 }, (_, index) => [
      attempt({ latency_ms: 100 * (index + 1), first_token_ms: 10 * (index + 1) }),
    ]),
    // Broke off after an estimated number of tokens, continued by one that bills.
    [
      attempt({ status: "truncated", usage_source: "estimated", latency_ms: 5 }),
      attempt({
        ...billed,
        cost_usd: 0.5,
        list_usd: 0.5,
        cached_tokens: 40,
        cached_savings_usd: 0.07,
        latency_ms: 50,
      }),
    ],
    // Billed at a price that nobody knows.
    [attempt({ ...billed, cost_usd: null, list_usd: null, cached_savings_usd: null, latency_ms: 60 })],
  ];
  const rows = turns.map((attempts) => ({
    ...{ id: randomUUID(), user_id: admin.userId, tier: "smart", started_at: Date.now() - 60_000 },
    ...{
      status: "completed",
      delivered: true,
      model: "m",
      backend: "b",
      prompt_tokens: 1,
      completion_tokens: 1,
    },
    ...{ cached_tokens: 0, cost_usd: 0.5, usage_source: "exact", attempts },
  }));
  await database.sql`select settle_turns(${database.sql.json(rows)})`;
  const answer = await health("?window=1h");
  expect(answer.window.seconds).toBe(3_600);
  expect(engineOf(answer, "groq", FREE)).toMatchObject({
    ...{ calls: 21, succeeded: 20, outcomes: { ok: 20, truncated: 1 }, successRate: 0.9524 },
    ...{ latencyMs: { p50: 1_000, p95: 1_900, p99: 2_000 } },
  });
  expect(engineOf(answer, "dear", "gpt-5.5")).toMatchObject({
    calls: 2,
    latencyMs: { p50: 50, p95: 60, p99: 60 },
  });
  expect(modeOf(answer, "smart")).toMatchObject({ turns: 22, failoverDepth: { mean: 0.0455, max: 1 } });
  expect(rounded(answer.cost?.today)).toEqual({
    ...{ total: 0.5, paid: 0.5, free: 0, cachedSavings: 0.07, freeTierValue: 0.021, calls: 23 },
    ...{ unknownCalls: 1, estimatedCalls: 1 },
    models: [
      {
        ...{
          provider: "dear",
          model: "gpt-5.5",
          calls: 2,
          paidCalls: 2,
          promptTokens: 200,
          cachedTokens: 40,
        },
        ...{ cacheWriteTokens: 0, completionTokens: 40, reasoningTokens: 10, costUsd: 0.5, unknownCalls: 1 },
        estimatedCalls: 0,
        // The call without a price is valued at today's.
        listUsd: Number((0.5 + (100 * GPT.input + 20 * GPT.output) / M).toFixed(9)),
        cachedSavingsUsd: 0.07,
      },
      {
        ...{ provider: "groq", model: FREE, calls: 21, paidCalls: 0, promptTokens: 2_100, cachedTokens: 0 },
        ...{ cacheWriteTokens: 0, completionTokens: 420, reasoningTokens: 105, costUsd: 0, listUsd: 0.021 },
        ...{ cachedSavingsUsd: 0, unknownCalls: 0, estimatedCalls: 1 },
      },
    ],
  });
});

describe("what the process knows", () => {
  test("a fault of the account is an alarm that says what to do, and names the key without showing it", async () => {
    const { health, say } = await start();
    groq.script = refuses(402, "Insufficient balance for org_1");
    dear.script = used({ prompt: 1, completion: 1 });
    await say("smart");
    const groqHealth = providerOf(await health(), "groq");
    expect(groqHealth.alarms.map(({ code, keyIndex }) => [code, keyIndex]).toSorted()).toEqual([
      ["no_credit", 0],
      ["no_credit", 1],
    ]);
    expect(groqHealth.alarms[0]?.message).toMatch(/top it up .* It says: Insufficient balance/);
    expect(groqHealth.keys).toMatchObject([
      { index: 0, fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/), cause: "no_credit" },
      { index: 1, benchedUntil: expect.any(String) },
    ]);
    expect(groqHealth.benchedUntil).toEqual(expect.any(String));
  });

  test("a dead model, and a breaker that five failures have opened", async () => {
    const { health, say } = await start();
    groq.script = refuses(404, "The model does not exist");
    dear.script = refuses(500, "broken");
    for (let turn = 0; turn < 5; turn++) await say("smart");
    const answer = await health();
    expect(engineOf(answer, "groq", FREE)).toMatchObject({ dead: true, calls: 1, modes: ["smart", "fast"] });
    expect(providerOf(answer, "dear")).toMatchObject({
      breaker: "open",
      calls: 5,
      succeeded: 0,
      successRate: 0,
    });
  });

  test("is all there is while the database is away, and nothing waits for it", async () => {
    const door = await startDoor(database.url);
    const { health, say } = await start({ NEXT_PUBLIC_SUPABASE_URL: door.url });
    groq.script = refuses(402, "Insufficient balance");
    dear.script = used({ prompt: 1, completion: 1 });
    await say("smart");
    door.state = "shut";
    const answer = await health();
    expect(answer.database).toEqual({ status: "unavailable", message: expect.stringContaining("database") });
    expect(answer).toMatchObject({ cost: null, ledger: { waiting: 0 } });
    expect(providerOf(answer, "groq")).toMatchObject({ calls: null, latencyMs: null, alarms: { length: 2 } });
    expect(modeOf(answer, "smart")).toMatchObject({ turns: null, failoverDepth: null });
    door.state = "open";
    expect((await health()).database.status).toBe("ok");
    await door.stop();
  });

  test("many who ask at once cost the database one call a window, and one at a time", async () => {
    const { get } = await start();
    await get("?window=2h");
    const calls = noteDatabaseCalls(database.url);
    const windows = ["1h", "7d", "30d"];
    const asked = Array.from({ length: 60 }, (_, index) => get(`?window=${windows[index % windows.length]}`));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200));
    calls.stop();
    // A slow machine may take more than a second for all of them, and then reads once more.
    const readings = calls.names.filter((name) => name === "admin_health").length;
    expect(readings).toBeLessThanOrEqual(2 * windows.length);
  });

  test("without the migrations it says so", async () => {
    const { health } = await start();
    await database.sql`drop function public.admin_health`;
    expect((await health()).database).toEqual({
      ...{ status: "not_ready", message: expect.stringContaining("supabase/migrations") },
    });
  });

  test("without a service role it is 503, which names the variable", async () => {
    const { get } = await start({ SUPABASE_SERVICE_ROLE_KEY: "" });
    expect(await get()).toMatchObject({
      status: 503,
      body: {
        error: { code: "not_configured", message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY") },
      },
    });
  });

  test("other parts fill blocks of their own, and one that fails does not break the answer", async () => {
    const { health } = await start(
      {},
      {
        createHealthBlocks: (sources) => [
          ...createHealthBlocks(sources),
          { name: "instances", read: async () => ({ alive: 2 }) },
          { name: "prices", read: () => Promise.reject(new Error("groq-canary-one")) },
        ],
      },
    );
    expect(await health()).toMatchObject({
      instances: { alive: 2 },
      prices: { error: expect.stringContaining("log") },
      providers: expect.any(Array),
    });
  });
});

describe("the window", () => {
  test.each([
    ["", 86_400],
    ["?window=1h", 3_600],
    ["?window=24h", 86_400],
    ["?window=7d", 604_800],
    ["?window=30d", 2_592_000],
    ["?window=90m", 5_400],
  ])("%s is %i seconds", async (query, seconds) => {
    const { health } = await start();
    const { window, generatedAt } = await health(query);
    expect(window.seconds).toBe(seconds);
    expect(Date.parse(generatedAt) - Date.parse(window.from)).toBe(seconds * 1_000);
  });

  test("a wrong one is refused, and so is another parameter", async () => {
    const { get } = await start();
    const long = "9".repeat(1_000);
    for (const value of [
      "",
      "24",
      "h",
      "0h",
      "-1h",
      "1.5h",
      "24H",
      "91d",
      "1w",
      " 1h",
      "1h,2h",
      `${long}h`,
      "٣h",
    ]) {
      const answer = await get(`?window=${encodeURIComponent(value)}`);
      expect([value, answer.status]).toEqual([value, 400]);
      expect(answer.body).toMatchObject({ error: { code: "invalid_request" } });
    }
    for (const query of ["?windows=1h", "?window=1h&limit=3", "?window=1h&window=2h"]) {
      expect((await get(query)).status, query).toBe(400);
    }
    const { body } = await get("?windows=1h");
    expect(body).toMatchObject({
      error: { message: '"windows": is not a parameter of this route. It takes window.' },
    });
  });
});

test("the public probe says nothing of what administrators see, whoever asks and whatever the state", async () => {
  const { gateway, say } = await start();
  groq.script = refuses(402, "Insufficient balance");
  dear.script = refuses(500, "broken");
  await say("smart");
  const probe = apiClient(() => gateway.gateway);
  for (const credential of ["", admin.accessToken]) {
    const { status, body } = await probe("GET", "/api/health?window=1h", credential);
    expect([status, body]).toEqual([
      200,
      { status: "ok", version: expect.any(String), engines: "providers" },
    ]);
  }
});
