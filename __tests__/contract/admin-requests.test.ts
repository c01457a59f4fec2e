import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { requestPageSchema, requestRecordSchema } from "#lib/apis/native/admin-requests-answer-schema.ts";
import { type ApiClient, apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

type Page = z.infer<typeof requestPageSchema>;

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;
let call: ApiClient;
let admin: TestUser;
let person: TestUser;
/** Of the person. */
let keyId: string;

/** What the turns below are called in the tests. */
const NAMES = ["a", "b", "c", "d", "e", "f"] as const;
type Name = (typeof NAMES)[number];
const ids = Object.fromEntries(NAMES.map((name) => [name, randomUUID()])) as Record<Name, string>;
const at = (minute: number) => new Date(Date.UTC(2026, 9, 1, 12, minute)).toISOString();
const ATTEMPT = {
  ...{ model_id: "big/model", backend: "groq", key_index: 1, status: "rate_limited", latency_ms: 12.4 },
  ...{ tokens_out: null, meta: { attempt: 1, httpStatus: 429, reason: "slow down" }, started_ms: 3 },
};
const ANSWERED = {
  ...{ model_id: "m", backend: "dear", key_index: 0, status: "ok", latency_ms: 900, tokens_out: 7 },
  ...{ meta: { attempt: 2 }, started_ms: 20, first_token_ms: 300, prompt_tokens: 11, cached_tokens: 3 },
  ...{
    cache_write_tokens: 1,
    completion_tokens: 7,
    reasoning_tokens: 2,
    usage_source: "exact",
    billed: true,
  },
  ...{ cost_usd: 0.25, list_usd: 0.25, cached_savings_usd: 0.01 },
};

/** One row a turn, a minute apart: the newest is `f`. */
function rows(): Record<string, unknown>[] {
  const whole = {
    ...{
      user_id: person.userId,
      status: "completed",
      delivered: true,
      prompt_tokens: 11,
      completion_tokens: 7,
    },
    ...{ cached_tokens: 3, usage_source: "exact", served_tokens: 7, billable_tokens: 18 },
  };
  const turns: Record<Name, Record<string, unknown>> = {
    a: { tier: "smart", model: "big/model", backend: "groq", cost_usd: 0, route: "/api/ai-chat" },
    b: {
      tier: "fast",
      model: "m",
      backend: "groq",
      cost_usd: 0.001,
      route: "/api/ai-chat",
      status: "cancelled",
    },
    c: { tier: "smart", model: "m", backend: "dear", cost_usd: 0.25, attempts: [ATTEMPT, ANSWERED] },
    d: { tier: "named", model: "m", backend: "dear", cost_usd: null, key_id: keyId },
    e: { tier: "smart", model: null, backend: null, cost_usd: 0, status: "failed", delivered: false },
    f: { tier: "smart", model: "m", backend: "dear", cost_usd: 1.5, user_id: null, key_id: null },
  };
  return NAMES.map((name, minute) => {
    const id = { id: ids[name], started_at: Date.parse(at(minute)), route: "/api/v1/chat/completions" };
    return { ...whole, ...id, attempts: [], ...turns[name] };
  });
}

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("CANARY answered."));
  [admin, person] = await Promise.all([database.signUp(), database.signUp("person@example.test")]);
  await createKey(database, person.userId);
  const [key] = await database.sql`select id from public.gateway_keys`;
  keyId = String(key?.["id"]);
  gateway = await startTestGateway({
    database,
    settings: {
      MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }),
      ADMIN_USER_IDS: admin.userId,
      ENABLE_MEMORY: "off",
    },
  });
  call = apiClient(() => gateway.gateway);
  const answer = await database.sql`select settle_turns(${database.sql.json(rows() as never)}) as answer`;
  expect(answer[0]?.["answer"]).toEqual({ stored: NAMES.length, refused: [] });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

const get = (query = "") => call("GET", `/api/admin/requests${query}`, admin.accessToken);
async function page(query = ""): Promise<Page> {
  const { status, headers, body } = await get(query);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(requestPageSchema.parse(body)).toEqual(body);
  return body as Page;
}
const nameOf = (id: string): string => NAMES.find((name) => ids[name] === id) ?? "another";
const named = ({ requests }: Page): string => requests.map(({ id }) => nameOf(id)).join("");

describe("the list", () => {
  test("has what the ledger knows of a request", async () => {
    const { requests } = await page();
    expect(named({ requests })).toBe("fedcba");
    expect(requests[3]).toEqual({
      ...{ id: ids.c, createdAt: at(2), settledAt: expect.any(String) },
      // Its last call began after 20 ms and took 900; that the row was stored weeks later does not count.
      durationMs: 920,
      ...{ route: "/api/v1/chat/completions", mode: "smart", status: "completed", delivered: true },
      ...{ provider: "dear", model: "m", promptTokens: 11, cachedTokens: 3, completionTokens: 7 },
      ...{ servedTokens: 7, billableTokens: 18, costUsd: 0.25, usageSource: "exact", attemptCount: 2 },
      ...{ user: { id: person.userId, email: "person@example.test" }, key: null },
    });
    expect(requests[2]).toMatchObject({ costUsd: null, key: { id: keyId, name: "test" } });
    expect(requests[0]).toMatchObject({ user: null, key: null });
  });

  const FILTERS: readonly [query: () => string, found: string][] = [
    [() => "status=completed", "fdca"],
    [() => "status=failed", "e"],
    [() => "status=started", ""],
    [() => "mode=smart", "feca"],
    [() => "mode=named", "d"],
    [() => "mode=nothing", ""],
    [() => "provider=groq", "ba"],
    [() => "engine=groq/big/model", "a"],
    [() => "engine=dear/m", "fdc"],
    [() => "engine=dear/m&provider=dear", "fdc"],
    [() => `user=${person.userId.toUpperCase()}`, "edcba"],
    [() => `user=${randomUUID()}`, ""],
    [() => `key=${keyId}`, "d"],
    [() => "route=/api/ai-chat", "ba"],
    [() => `from=${at(4)}`, "fe"],
    [() => `to=${at(1)}`, "a"],
    [() => `from=${at(1)}&to=${at(3)}`, "cb"],
    [() => "from=2026-10-01T14:04:00%2B02:00", "fe"],
    [() => "minCost=0.25", "fc"],
    [() => "maxCost=0.25", "ecba"],
    [() => "minCost=0.001&maxCost=1", "cb"],
    [() => "cost=unknown", "d"],
    [() => "status=completed&mode=smart&provider=dear&minCost=1", "f"],
    // No more than a text to compare with.
    [() => `mode=${encodeURIComponent("smart' or '1'='1")}`, ""],
    [() => `engine=${encodeURIComponent("groq/%")}`, ""],
  ];
  test.each(FILTERS.map(([query, found]) => ({ query, found })))(
    "$query: $found",
    async ({ query, found }) => {
      expect(named(await page(`?${query()}`))).toBe(found);
    },
  );

  test("comes in pages, with filters as without", async () => {
    for (const [filter, expected] of [
      ["", ["fe", "dc", "ba"]],
      ["&mode=smart", ["fe", "ca"]],
    ] as const) {
      const pages: string[] = [];
      let cursor: string | undefined = "";
      while (cursor !== undefined) {
        const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const next: Page = await page(`?limit=2${filter}${more}`);
        pages.push(named(next));
        cursor = next.nextCursor;
      }
      expect(pages).toEqual(expected);
    }
  });

  const WRONG: readonly (readonly [string, string])[] = [
    [
      "state=failed",
      '"state": is not a parameter of this route. It takes status, mode, engine, provider, user',
    ],
    ["Status=failed", "It takes status"],
    ["status=ok", '"status"'],
    ["status=", '"status"'],
    ["status=failed&status=started", "more than once"],
    ["engine=groq", "provider/model"],
    ["engine=/m", "provider/model"],
    ["engine=groq/", "provider/model"],
    ["user=me", '"user"'],
    ["key=1;drop", '"key"'],
    ["mode=%00", "control characters"],
    ["engine=groq/%0a", '"engine"'],
    ["from=yesterday", '"from"'],
    ["from=2026-10-01", '"from"'],
    ["from=0001-01-01T00:00:00Z", '"from"'],
    ["to=9999-12-31T23:59:59Z", '"to"'],
    ["minCost=-1", '"minCost"'],
    ["minCost=1e3", '"minCost"'],
    ["maxCost=NaN", '"maxCost"'],
    ["limit=0", '"limit"'],
    ["limit=201", '"limit"'],
    ["limit=ten", '"limit"'],
    ["cursor=x", '"cursor": is not a nextCursor of this list'],
    ["cursor=", '"cursor"'],
    [`cursor=9999999999999999999_${randomUUID()}`, '"cursor"'],
    [`cursor=1_${"-".repeat(36)}`, '"cursor"'],
    ["engine=groq/m&provider=dear", '"provider": leaves nothing together with "engine"'],
    [`from=${at(3)}&to=${at(3)}`, '"to": leaves nothing together with "from"'],
    ["minCost=2&maxCost=1", '"maxCost": leaves nothing together with "minCost"'],
    ["cost=unknown&maxCost=1", '"cost": leaves nothing together with "maxCost"'],
  ];
  test.each(WRONG)("%s is refused", async (query, message) => {
    const answer = await get(`?${query}`);
    expect(answer).toMatchObject({
      ...{
        status: 400,
        body: { error: { code: "invalid_request", message: expect.stringContaining(message) } },
      },
    });
  });
});

const recordOf = (id: string) => call("GET", `/api/admin/requests/${id}`, admin.accessToken);

describe("one request", () => {
  test("has all of its attempts, in order", async () => {
    const { status, body } = await recordOf(ids.c);
    expect(status).toBe(200);
    expect(requestRecordSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({ id: ids.c, attemptCount: 2, costUsd: 0.25 });
    expect(body["attempts"]).toEqual([
      {
        ...{ provider: "groq", model: "big/model", keyIndex: 1, outcome: "rate_limited", httpStatus: 429 },
        ...{ problem: null, reason: "slow down", startedMs: 3, latencyMs: 12.4, firstTokenMs: null },
        ...{ tokensOut: null, usage: null },
      },
      {
        ...{ provider: "dear", model: "m", keyIndex: 0, outcome: "ok", httpStatus: null, problem: null },
        ...{ reason: null, startedMs: 20, latencyMs: 900, firstTokenMs: 300, tokensOut: 7 },
        usage: {
          ...{
            promptTokens: 11,
            cachedTokens: 3,
            cacheWriteTokens: 1,
            completionTokens: 7,
            reasoningTokens: 2,
          },
          ...{ source: "exact", billed: true, costUsd: 0.25, listUsd: 0.25, cachedSavingsUsd: 0.01 },
        },
      },
    ]);
  });

  test("has its calls of tools, and never what was said", async () => {
    const said = "CANARY: tell me a joke";
    const answer = await gateway.ask(person.accessToken, { message: said, model: "smart" });
    await gateway.settled();
    const id = answer.headers.get("x-request-id") ?? "";
    await database.sql`
      insert into public.ai_events (request_id, user_id, event_type, backend, status, latency_ms, meta)
      values (${id}, ${person.userId}, 'tool', 'Open-Meteo', 'failed', 45,
              ${database.sql.json({ call: 1, tool: "weather", reason: "away", httpStatus: 503 })})`;
    const { body } = await recordOf(id.toUpperCase());
    expect(requestRecordSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({ id, status: "completed", mode: "smart", attempts: [{ provider: "only" }] });
    expect(body["toolCalls"]).toEqual([
      {
        ...{ tool: "weather", source: "Open-Meteo", outcome: "failed", latencyMs: 45 },
        ...{ reason: "away", httpStatus: 503 },
      },
    ]);
    expect(JSON.stringify([body, (await get()).body])).not.toContain("CANARY");
  });

  test("whose attempts are of an unknown form is shown as far as it can be", async () => {
    const id = randomUUID();
    const odd = [
      {
        ...ANSWERED,
        latency_ms: "fast",
        status: 5,
        meta: { reason: { deep: true }, httpStatus: "x" },
        billed: "no",
      },
      { model_id: null },
    ];
    await database.sql`
      insert into public.ai_chat_usage (id, user_id, tier, quota_day, status, attempts, settle_hash)
      values (${id}, ${person.userId}, 'smart', current_date, 'completed', ${database.sql.json(odd as never)},
              sha256('x'))`;
    const { status, body } = await recordOf(id);
    expect(status).toBe(200);
    expect(body["attempts"]).toMatchObject([
      { provider: "dear", outcome: "", latencyMs: 0, reason: null, httpStatus: null, usage: null },
      { provider: "", model: "" },
    ]);
  });

  test.each([
    ["an unknown id", randomUUID()],
    ["no id", "x"],
    ["a path", "..%2F.."],
  ])("%s is 404", async (_, id) => {
    expect(await recordOf(id)).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
  });
});

test("without a service role the log is 503, while the database is away too", async () => {
  for (const [settings, code] of [
    [{ SUPABASE_SERVICE_ROLE_KEY: "" }, "not_configured"],
    [{ NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" }, "database_unavailable"],
  ] as const) {
    const other = await startTestGateway({
      database,
      settings: { ADMIN_USER_IDS: admin.userId, ...settings },
    });
    const ask = apiClient(() => other.gateway);
    for (const path of ["/api/admin/requests", `/api/admin/requests/${ids.a}`]) {
      expect(await ask("GET", path, admin.accessToken)).toMatchObject({
        status: 503,
        body: { error: { code } },
      });
    }
    await other.stop();
  }
});
