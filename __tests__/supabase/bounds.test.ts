import { createHash, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import {
  applySql,
  type HostedDatabase,
  type HostedServer,
  startHostedServer,
} from "../support/hosted-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

const SECRET = "s";
const HASH = createHash("sha256").update(SECRET).digest("hex");
const MEGABYTE = 1_048_576;

let hosted: HostedServer;
let database: HostedDatabase;
let user: string;

beforeAll(async () => {
  hosted = await startHostedServer();
  database = await hosted.create();
  await applySql(database.owner, ...(await readMigrations(MIGRATIONS)).map(({ sql }) => sql));
}, 30_000);
afterAll(() => hosted.stop());
beforeEach(async () => {
  user = await database.aUser();
});

type Values = Record<string, unknown>;

/** Arguments of a function by name, as PostgREST passes them. */
function call(sql: postgres.Sql | postgres.TransactionSql, name: string, values: Values): Promise<unknown[]> {
  const names = Object.keys(values);
  const list = names.map((one, index) => `${one} => $${index + 1}`).join(", ");
  return sql.unsafe(
    `select public.${name}(${list}) as answer`,
    names.map((one) => values[one]) as postgres.ParameterOrJSON<never>[],
  );
}

/** Inserts a row whose values Postgres itself reads, so that they may be what JavaScript has no words for. */
function insert(sql: postgres.Sql, table: string, row: Values): Promise<unknown> {
  const columns = Object.keys(row).join(", ");
  return sql.unsafe(
    `insert into public.${table} (${columns})
     select ${columns} from jsonb_populate_record(null::public.${table}, $1)`,
    [sql.json(row as postgres.JSONValue)],
  );
}

const asUser = (name: string, values: Values, who = user): Promise<unknown[]> =>
  database.as("authenticated", who, (sql) => call(sql, name, values));

/** Begins a turn as a user does who calls the database without a gateway. */
async function begin(changes: Values = {}, who = user): Promise<string> {
  const id = randomUUID();
  await asUser(
    "begin_turn",
    { p_request_id: id, p_settle_hash: HASH, p_tier: "smart", p_daily_limit: 2_147_483_647, ...changes },
    who,
  );
  return id;
}

type Turn = Readonly<Record<string, unknown>>;

const settleValues = (id: string, changes: Turn = {}): Values => ({
  p_turn: database.sql.json({
    ...{ id, settle_secret: SECRET, status: "completed", delivered: true },
    ...changes,
  } as postgres.JSONValue),
});

const settle = (id: string, changes: Turn = {}): Promise<unknown[]> =>
  asUser("settle_turn", settleValues(id, changes));

const attempts = (count: number, changes: Turn = {}): unknown[] =>
  Array.from({ length: count }, (_, index) => ({
    model_id: "m",
    backend: "b",
    key_index: 0,
    status: "ok",
    latency_ms: 1,
    tokens_out: 1,
    meta: { attempt: index + 1 },
    ...changes,
  }));

const sizeOf = async (table: string, who = user): Promise<number> => {
  const [row] = await database.sql`
    select coalesce(sum(pg_column_size(t.*)), 0)::int as bytes from ${database.sql(`public.${table}`)} t
    where user_id = ${who}`;
  return Number(row?.["bytes"]);
};

describe("what a user writes into their own ledger row without a gateway", () => {
  const hostile: [string, Turn][] = [
    ["a cost of NaN", { cost_usd: "NaN" }],
    ["a cost of Infinity", { cost_usd: "Infinity" }],
    ["a cost of -Infinity", { cost_usd: "-Infinity" }],
    ["a negative cost", { cost_usd: "-1" }],
    ["a cost of more than a million", { cost_usd: "1000000.01" }],
    ["a cost of 16,000 digits", { cost_usd: `0.${"1".repeat(16_000)}` }],
    ["2^63-1 prompt tokens", { prompt_tokens: "9223372036854775807" }],
    ["2^63-1 completion tokens", { completion_tokens: "9223372036854775807" }],
    ["2^63-1 cached tokens", { cached_tokens: "9223372036854775807" }],
    ["negative tokens", { cached_tokens: "-1" }],
    ["a model of a megabyte", { model: "x".repeat(MEGABYTE) }],
    ["a model of 201 characters", { model: "é".repeat(201) }],
    ["a backend of a megabyte", { backend: "x".repeat(MEGABYTE) }],
    ["an invented status", { status: "x".repeat(MEGABYTE) }],
    ["an invented source", { usage_source: "x".repeat(MEGABYTE) }],
  ];
  test.each(hostile)("%s is refused", async (_, changes) => {
    const id = await begin();
    await expect(settle(id, changes)).rejects.toMatchObject({ code: "23514" });
    expect(await database.sql`select status from public.ai_chat_usage where id = ${id}`).toEqual([
      { status: "started" },
    ]);
  });

  test.each<[string, Turn]>([
    ["an unknown field of a megabyte", { odd: "x".repeat(MEGABYTE) }],
    ["a model of a megabyte", { model_id: "x".repeat(MEGABYTE) }],
    ["a backend of a megabyte", { backend: "x".repeat(MEGABYTE) }],
    ["an outcome of a megabyte", { status: "x".repeat(MEGABYTE) }],
    ["a note of a megabyte", { meta: { a: "x".repeat(MEGABYTE) } }],
    ["a note that is no object", { meta: ["x"] }],
    ["a negative key", { key_index: -1 }],
    ["a key of two milliards", { key_index: 2_147_483_647 }],
    ["a negative count of tokens", { tokens_out: -1 }],
    ["a count of two milliards", { tokens_out: 2_147_483_647 }],
  ])("an attempt with %s is refused", async (_, changes) => {
    const id = await begin();
    await expect(settle(id, { attempts: attempts(1, changes) })).rejects.toMatchObject({ code: "23514" });
  });

  test("of 20,000 attempts a hundred are kept, and odd latencies become numbers", async () => {
    const id = await begin();
    await settle(id, { attempts: attempts(20_000) });
    const odd = await begin();
    const latencies = ["NaN", "Infinity", "-5", "1e300"].flatMap((latency_ms) => [{ latency_ms, meta: {} }]);
    await settle(odd, { attempts: latencies });
    const [row] = await database.sql`
      select count(*)::int as rows, max((meta ->> 'attempt')::int) as last
      from public.ai_events where request_id = ${id}`;
    expect(row).toEqual({ rows: 100, last: 100 });
    const seen = await database.sql`
      select latency_ms from public.ai_events where request_id = ${odd} order by latency_ms`;
    expect(seen.map((one) => one["latency_ms"])).toEqual([0, 2147483647, 2147483647, 2147483647]);
  });

  test.each([
    ["a megabyte", "x".repeat(MEGABYTE)],
    ["nothing", ""],
    ["65 characters", "x".repeat(65)],
    ["a line break", "smart\n"],
    ["markup", "<b>"],
  ])("a mode of %s is refused", async (_, p_tier) => {
    await expect(begin({ p_tier })).rejects.toMatchObject({ code: "23514" });
    expect(await sizeOf("ai_chat_usage")).toBe(0);
  });

  test("a title of a megabyte is cut", async () => {
    await begin({ p_title: "x".repeat(MEGABYTE) });
    expect(await sizeOf("ai_chat_sessions")).toBeLessThan(1_000);
  });

  test("the operator's sums are numbers whatever users have tried", async () => {
    const [row] = await database.sql`
      select sum(cost_usd)::float8 as cost, sum(total_tokens)::float8 as tokens from public.ai_chat_usage`;
    expect(Number.isFinite(Number(row?.["cost"])) && Number.isFinite(Number(row?.["tokens"]))).toBe(true);
  });

  test("the row says who wrote it, and the caller has no say in it", async () => {
    const recorder = async (id: string) =>
      (await database.sql`select recorded_by from public.ai_chat_usage where id = ${id}`)[0]?.["recorded_by"];
    const own = await begin();
    await settle(own, { cost_usd: "5" });
    const asService = (name: string, values: Values) =>
      database.as("service_role", undefined, (sql) => call(sql, name, values));
    const ids = [randomUUID(), randomUUID()];
    for (const p_request_id of ids) {
      await asService("begin_turn", {
        p_request_id,
        p_settle_hash: HASH,
        p_tier: "smart",
        p_daily_limit: 100,
        p_user_id: user,
      });
    }
    await asService("settle_turn", settleValues(ids[0] ?? "", { user_id: user }));
    await database.as("anon", undefined, (sql) =>
      call(sql, "settle_turn", settleValues(ids[1] ?? "", { cost_usd: "7" })),
    );
    const batch = randomUUID();
    const turn = { id: batch, tier: "smart", started_at: 1_000, status: "completed", delivered: true };
    const counts = { prompt_tokens: 0, completion_tokens: 0, cached_tokens: 0, cost_usd: 1 };
    await asService("record_turns", { p_turns: database.sql.json([{ ...turn, ...counts }]) });
    expect([await recorder(own), await recorder(ids[0] ?? ""), await recorder(ids[1] ?? "")]).toEqual([
      "user",
      "service",
      "user",
    ]);
    expect(await recorder(batch)).toBe("service");
    // A user sees the mark, and cannot change it.
    const seen = database.as(
      "authenticated",
      user,
      (sql) => sql`select recorded_by from public.ai_chat_usage`,
    );
    expect((await seen).length).toBe(3);
    const forged = database.as(
      "authenticated",
      user,
      (sql) => sql`update public.ai_chat_usage set recorded_by = 'service'`,
    );
    await expect(forged).rejects.toMatchObject({ code: "42501" });
  });
});

describe("a user who calls in a loop", () => {
  test("makes 32 modes a day and no more", async () => {
    for (let mode = 0; mode < 32; mode++) await begin({ p_tier: `mode-${mode}` });
    await expect(begin({ p_tier: "mode-32" })).rejects.toMatchObject({ code: "PT429" });
    await begin({ p_tier: "mode-31" });
    const other = await database.aUser();
    await begin({ p_tier: "mode-32" }, other);
  });

  test("makes no more of them by moving turns to other modes at the same moment", async () => {
    const turns: string[] = [];
    for (let mode = 0; mode < 31; mode++) turns.push(await begin({ p_tier: `mode-${mode}` }));
    const move = (sql: postgres.TransactionSql, n: number): Promise<unknown[]> =>
      call(sql, "begin_turn", {
        p_turn: sql.json({
          ...{ request_id: turns[n] ?? "", settle_secret: SECRET, tier: `other-${n}`, daily_limit: 100 },
        }),
      });
    let second: Promise<unknown> | undefined;
    await database.as("authenticated", user, async (sql) => {
      await move(sql, 0);
      second = database.as("authenticated", user, (other) => move(other, 1)).catch((error: unknown) => error);
      // Time enough to count the modes without the first one's, which is not committed.
      await Promise.race([second, pause(500)]);
    });
    expect(await second).toMatchObject({ code: "PT429" });
  });

  test("begins 10,000 turns a day and no more, given back or not; the service role may", async () => {
    await database.sql`
      insert into public.ai_chat_usage (id, user_id, tier, quota_day, settle_hash, status)
      select gen_random_uuid(), ${user}, 'smart', current_date, decode(${HASH}, 'hex'), 'failed'
      from generate_series(1, 9999)`;
    await begin();
    await expect(begin()).rejects.toMatchObject({ code: "PT429" });
    const [row] = await database.sql`
      select count(*)::int as rows from public.ai_chat_usage where user_id = ${user}`;
    expect(row?.["rows"]).toBe(10_000);
    const values = { p_settle_hash: HASH, p_tier: "smart", p_daily_limit: 100, p_user_id: user };
    await database.as("service_role", undefined, (sql) =>
      call(sql, "begin_turn", { p_request_id: randomUUID(), ...values }),
    );
  });

  test("writes 30,000 attempts a day and no more, and still settles", async () => {
    await database.sql`
      insert into public.ai_events (request_id, user_id, event_type)
      select gen_random_uuid(), ${user}, 'attempt' from generate_series(1, 30000)`;
    const id = await begin();
    await settle(id, { attempts: attempts(3) });
    expect(await database.sql`select status from public.ai_chat_usage where id = ${id}`).toEqual([
      { status: "completed" },
    ]);
    expect(await database.sql`select 1 from public.ai_events where request_id = ${id}`).toHaveLength(0);
  });

  test("writes 20 tool calls a turn, 30,000 events a day and no more, and still settles", async () => {
    const calls = (count: number, changes: Turn = {}): unknown[] =>
      Array.from({ length: count }, (_, index) => ({
        ...{ backend: "b", status: "ok", latency_ms: 1, meta: { call: index + 1 } },
        ...changes,
      }));
    const eventsOf = (id: string) =>
      database.sql`select latency_ms from public.ai_events where request_id = ${id} and event_type = 'tool'`;
    const first = await begin();
    await settle(first, { tool_calls: calls(5_000) });
    expect(await eventsOf(first)).toHaveLength(20);
    for (const changes of [{ backend: "x".repeat(101) }, { status: "x".repeat(MEGABYTE) }, { meta: [1] }]) {
      await expect(settle(await begin(), { tool_calls: calls(1, changes) })).rejects.toMatchObject({
        code: "23514",
      });
    }
    const endless = await begin();
    await settle(endless, { tool_calls: calls(1, { latency_ms: "NaN" }) });
    expect(await eventsOf(endless)).toEqual([{ latency_ms: 2_147_483_647 }]);
    await database.sql`
      insert into public.ai_events (request_id, user_id, event_type)
      select gen_random_uuid(), ${user}, 'tool' from generate_series(1, 30000)`;
    const last = await begin();
    await settle(last, { tool_calls: calls(3) });
    expect(await database.sql`select status from public.ai_chat_usage where id = ${last}`).toEqual([
      { status: "completed" },
    ]);
    expect(await eventsOf(last)).toEqual([]);
  });

  test("keeps 30 memories, one by one, all at once, and in parallel", async () => {
    const insert = (count: number): Promise<unknown> =>
      database.as(
        "authenticated",
        user,
        (sql) => sql`
          insert into public.ai_user_memories (fact) select 'fact ' || gen_random_uuid() from generate_series(1, ${count}::int)`,
      );
    await expect(insert(31)).rejects.toMatchObject({ code: "PT409" });
    await insert(28);
    const outcomes = await Promise.allSettled([insert(1), insert(1), insert(1), insert(1)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    await database.as(
      "authenticated",
      user,
      (sql) => sql`
      delete from public.ai_user_memories where id in (select id from public.ai_user_memories limit 1)`,
    );
    await insert(1);
    const [row] = await database.sql`
      select count(*)::int as facts from public.ai_user_memories where user_id = ${user}`;
    expect(row?.["facts"]).toBe(30);
  });

  test("keeps 50 sessions", async () => {
    await database.as(
      "authenticated",
      user,
      (sql) => sql`
      insert into public.ai_chat_sessions (title) select 'a' from generate_series(1, 200)`,
    );
    const [row] = await database.sql`
      select count(*)::int as sessions from public.ai_chat_sessions where user_id = ${user}`;
    expect(row?.["sessions"]).toBeGreaterThan(0);
    expect(row?.["sessions"]).toBeLessThanOrEqual(50);
  });

  test("and makes and revokes gateway keys leaves the newest 500 revoked ones, and what they spent", async () => {
    await database.sql`
      insert into public.gateway_keys (user_id, name, key_hash, prefix, created_at, revoked_at)
      select ${user}, 'old ' || n, encode(sha256(convert_to(${user} || n::text, 'UTF8')), 'hex'), 'sk-sarmalink-',
             now() - interval '1 day', now() - make_interval(secs => 1000 - n)
      from generate_series(1, 600) n`;
    await database.as("service_role", undefined, (sql) =>
      call(sql, "create_gateway_key", {
        p_name: "new",
        p_key_hash: createHash("sha256").update(randomUUID()).digest("hex"),
        p_prefix: "sk-sarmalink-",
        p_requests_per_minute: null,
        p_usd_per_month: "12.5",
        p_modes: null,
        p_user_id: user,
      }),
    );
    const kept = await database.sql`
      select name from public.gateway_keys where user_id = ${user} order by revoked_at nulls first`;
    expect([kept.length, kept[0]?.["name"], kept[1]?.["name"]]).toEqual([501, "new", "old 101"]);
    expect(await database.sql`select public.gateway_key_ever_created() as ever`).toEqual([{ ever: true }]);
  });
});

describe("not even a row that the owner of the database writes breaks a bound", () => {
  const id = () => randomUUID();
  const turn = () => ({
    id: id(),
    tier: "smart",
    quota_day: "2026-01-01",
    settle_hash: `\\x${"00".repeat(32)}`,
    user_id: user,
  });
  const key = () => ({
    id: id(),
    user_id: user,
    name: "k",
    key_hash: createHash("sha256").update(randomUUID()).digest("hex"),
    prefix: "sk-sarmalink-",
  });
  const rows: [string, string, () => Values][] = [
    ["ai_chat_usage", "a cost of NaN", () => ({ ...turn(), cost_usd: "NaN" })],
    ["ai_chat_usage", "an infinite start", () => ({ ...turn(), created_at: "infinity" })],
    ["ai_chat_usage", "an infinite day", () => ({ ...turn(), quota_day: "-infinity" })],
    ["ai_chat_usage", "an unknown recorder", () => ({ ...turn(), recorded_by: "operator" })],
    ["ai_events", "an empty type", () => ({ request_id: id(), event_type: "" })],
    ["ai_events", "a long type", () => ({ request_id: id(), event_type: "x".repeat(65) })],
    ["ai_quota_counters", "a long mode", () => ({ user_id: user, tier: "x".repeat(65), day: "2026-01-01" })],
    ["ai_quota_counters", "an infinite day", () => ({ user_id: user, tier: "smart", day: "infinity" })],
    ["ai_user_memories", "a long fact", () => ({ user_id: user, fact: "x".repeat(1_001) })],
    ["ai_chat_sessions", "a long title", () => ({ user_id: user, title: "x".repeat(201) })],
    ["gateway_keys", "a budget of NaN", () => ({ ...key(), usd_per_month: "NaN" })],
    ["gateway_keys", "a budget of Infinity", () => ({ ...key(), usd_per_month: "Infinity" })],
    ["gateway_keys", "no request at once", () => ({ ...key(), requests_at_once: 0 })],
    ["gateway_keys", "a million requests at once", () => ({ ...key(), requests_at_once: 1_000_000 })],
    ["gateway_keys", "an end at infinity", () => ({ ...key(), expires_at: "infinity" })],
    ["gateway_keys", "an end of the local key", () => ({ ...key(), seeded: true, expires_at: "2099-01-01" })],
    ["gateway_keys", "a thousand modes", () => ({ ...key(), modes: Array(1_000).fill("smart") })],
    ["gateway_keys", "a mode of a megabyte", () => ({ ...key(), modes: ["x".repeat(MEGABYTE)] })],
  ];
  test.each(rows)("%s: %s", async (table, _, row) => {
    await expect(insert(database.sql, table, row())).rejects.toMatchObject({ code: "23514" });
  });

  test.each(["NaN", "Infinity", "1e13", "-1"])(
    "gateway_key_holds and gateway_key_today: %s USD",
    async (usd) => {
      const row = { ...key(), id: randomUUID() };
      await insert(database.sql, "gateway_keys", row);
      const hold = {
        request_id: randomUUID(),
        key_id: row.id,
        has_slot: true,
        usd,
        held_until: "2026-01-01",
      };
      await expect(insert(database.sql, "gateway_key_holds", hold)).rejects.toMatchObject({ code: "23514" });
      const endless = { ...hold, usd: 0, held_until: "infinity" };
      await expect(insert(database.sql, "gateway_key_holds", endless)).rejects.toMatchObject({
        code: "23514",
      });
      const today = { key_id: row.id, day: "2026-01-01", usd };
      await expect(insert(database.sql, "gateway_key_today", today)).rejects.toMatchObject({ code: "23514" });
    },
  );

  test.each(["NaN", "Infinity", "1e13", "-1"])("gateway_key_spend: %s USD", async (usd) => {
    const row = key();
    await insert(database.sql, "gateway_keys", row);
    const spend = { key_id: row.id, month: "2026-01-01", usd };
    await expect(insert(database.sql, "gateway_key_spend", spend)).rejects.toMatchObject({ code: "23514" });
  });
});

test("a batch with an odd number in one turn costs no other turn its row", async () => {
  const turn = (changes: Values = {}) => ({
    id: randomUUID(),
    tier: "smart",
    started_at: 1_000,
    status: "completed",
    delivered: true,
    prompt_tokens: 1,
    completion_tokens: 1,
    cached_tokens: 0,
    cost_usd: 1,
    attempts: [],
    ...changes,
  });
  const good = [
    turn(),
    turn({ attempts: [{ latency_ms: "NaN" }] }),
    turn({ attempts: Array(500).fill({}) }),
    // A gateway whose clock is ahead: the turn has begun by now.
    turn({ started_at: "Infinity" }),
  ];
  const bad = [
    turn({ cost_usd: "NaN" }),
    turn({ cost_usd: "Infinity" }),
    turn({ started_at: "NaN" }),
    turn({ model: "x".repeat(MEGABYTE) }),
    turn({ prompt_tokens: "1e300" }),
    turn({ attempts: [{ meta: "x" }] }),
    turn({ attempts: "x" }),
    turn({ attempts: [{ tokens_out: "NaN" }] }),
  ];
  const p_turns = database.sql.json([...bad, ...good] as unknown as postgres.JSONValue);
  const [row] = (await database.as("service_role", undefined, (sql) =>
    call(sql, "record_turns", { p_turns }),
  )) as { answer: { stored: number; refused: { id: string }[] } }[];
  expect(row?.answer.stored).toBe(good.length);
  expect(row?.answer.refused.map((one) => one.id)).toEqual(bad.map((one) => one.id));
  const [events] = await database.sql`
    select count(*)::int as rows from public.ai_events where request_id = ${good[2]?.id ?? ""}`;
  expect(events?.["rows"]).toBe(100);
});

describe("rows of before that break a bound", () => {
  test("are mended, and the migrations apply on themselves", async () => {
    const all = (await readMigrations(MIGRATIONS)).map(({ sql }) => sql);
    const old = await hosted.create();
    await applySql(old.owner, ...all.slice(0, 3));
    const who = await old.aUser();
    const keyId = randomUUID();
    const base = {
      user_id: who,
      quota_day: "2026-01-01",
      settle_hash: `\\x${"00".repeat(32)}`,
      tier: "smart",
    };
    const bad = {
      nan: { cost_usd: "NaN", model: "x".repeat(MEGABYTE), session_id: randomUUID() },
      huge: { prompt_tokens: "9000000000000000000", cost_usd: "1e30", tier: "<script>" },
      spent: { cost_usd: "2.5", key_id: keyId, created_at: "2026-03-05T00:00:00Z" },
      never: { created_at: "infinity", quota_day: "infinity" },
      long: { cost_usd: `0.${"1".repeat(900)}` },
    };
    for (const [name, row] of Object.entries(bad)) {
      const id = createHash("md5").update(name).digest("hex");
      await insert(old.sql, "ai_chat_usage", { ...base, ...row, id });
    }
    const event = { request_id: randomUUID(), user_id: who, event_type: "attempt", id: randomUUID() };
    const oddEvent = { latency_ms: -1, tokens_out: -5, key_index: -1, status: "y".repeat(999) };
    const texts = { model_id: "x".repeat(MEGABYTE), meta: "z".repeat(9_000), created_at: "2026-01-01" };
    await insert(old.sql, "ai_events", { ...event, ...oddEvent, ...texts });
    // Of letters and digits at random: an index takes no long text that does not compress.
    const tier = Array.from({ length: 60 }, () => randomUUID()).join("");
    await insert(old.sql, "ai_quota_counters", { user_id: who, tier, day: "2026-01-01", used: 1 });
    const made = { id: keyId, user_id: who, name: "k", key_hash: "ab".repeat(32), prefix: "p" };
    const timeouts = { created_at: "2026-01-01", seeded: false };
    const limits = { usd_per_month: "NaN", modes: Array(60).fill("y".repeat(999)) };
    await insert(old.sql, "gateway_keys", { ...made, ...timeouts, ...limits });
    await insert(old.sql, "gateway_key_spend", { key_id: keyId, month: "2026-03-01", usd: "NaN" });
    await old.sql`
      insert into public.ai_user_memories (user_id, fact) select ${who}, 'f' from generate_series(1, 40)`;

    await applySql(old.owner, ...all.slice(3));
    await applySql(old.owner, ...all);

    const [sums] = await old.sql`
      select sum(cost_usd)::float8 as cost, max(char_length(model)) as model, max(prompt_tokens)::float8 as tokens,
             bool_and(isfinite(created_at)) as finite, array_agg(distinct tier order by tier) as tiers
      from public.ai_chat_usage`;
    expect(sums).toEqual({
      cost: expect.closeTo(2.611, 2),
      model: 200,
      tokens: 1e9,
      finite: true,
      tiers: ["smart", "unknown"],
    });
    expect(
      await old.sql`select recorded_by, count(*)::int as n from public.ai_chat_usage group by 1 order by 1`,
    ).toEqual([
      { recorded_by: "service", n: 4 },
      { recorded_by: "user", n: 1 },
    ]);
    expect(await old.sql`select usd::float8 as usd from public.gateway_key_spend`).toEqual([{ usd: 2.5 }]);
    expect(
      await old.sql`
        select usd_per_month::float8 as usd, cardinality(modes) as modes from public.gateway_keys`,
    ).toEqual([{ usd: 1e9, modes: 50 }]);
    expect(await old.sql`select * from public.ai_quota_counters`).toEqual([]);
    expect(await old.sql`select latency_ms, tokens_out, key_index, meta from public.ai_events`).toEqual([
      { latency_ms: 0, tokens_out: 0, key_index: null, meta: { trimmed: true } },
    ]);
    // Facts are their user's own: none is taken away, and no other is added.
    const [facts] = await old.sql`select count(*)::int as n from public.ai_user_memories`;
    expect(facts?.["n"]).toBe(40);
  });
});
