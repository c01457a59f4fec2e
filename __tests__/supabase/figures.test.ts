import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import {
  applySql,
  type HostedDatabase,
  type HostedServer,
  startHostedServer,
} from "../support/hosted-database.ts";
import { fc } from "../support/properties.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

type Row = Record<string, unknown>;
type Figures = { fold: boolean };
type Percentiles = { p50: number; p95: number; p99: number };
type Period = { total: number; calls: number; models: Row[] };
/** As far as it is taken apart here. */
type Health = {
  providers: (Row & { calls: number; latencyMs: Percentiles; firstTokenMs: Percentiles })[];
  modes: Row[];
  cost: { today: Period; last7Days: Period; last30Days: Period };
  complete: boolean;
  percentiles: string;
};

let hosted: HostedServer;
let database: HostedDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  hosted = await startHostedServer();
  database = await migrated();
  sql = database.sql;
}, 60_000);
afterAll(() => hosted.stop());
beforeEach(async () => {
  await sql`truncate ai_chat_usage, ai_events, ai_call_notes, ai_call_figures, ai_usage_notes, ai_usage_figures`;
  await sql`update ai_figures_state set
    events_from = '-infinity', usage_from = '-infinity', hours_from = '-infinity'`;
});

async function migrated(): Promise<HostedDatabase> {
  const made = await hosted.create();
  await applySql(made.owner, ...(await readMigrations(MIGRATIONS)).map((one) => one.sql));
  return made;
}

/** The end of the known day's window; UTC. */
const NOW = "2026-03-10T15:30:00Z";
const at = (time: string): string => `2026-03-${time}Z`;

const turn = (created_at: string, changes: Row = {}): Row => ({
  ...{ id: randomUUID(), tier: "smart", quota_day: "2026-03-10", settle_hash: Buffer.alloc(32), created_at },
  ...{ status: "completed", model: "opus", backend: "anthropic", prompt_tokens: 100, completion_tokens: 10 },
  ...{ cached_tokens: 40, cost_usd: 0.5, usage_source: "exact", attempts: null, ...changes },
});
const event = (created_at: string, latency_ms: number | null, changes: Row = {}): Row => ({
  ...{
    request_id: randomUUID(),
    event_type: "attempt",
    backend: "anthropic",
    model_id: "opus",
    status: "ok",
  },
  ...{ latency_ms, first_token_ms: null, created_at, ...changes },
});
/** One attempt, with what it used. */
const used = (backend: string, billed: boolean, cost: number | null, changes: Row = {}): Row => ({
  ...{ backend, model_id: "m", status: "ok", latency_ms: 1, meta: {}, usage_source: "exact", billed },
  ...{
    prompt_tokens: 10,
    cached_tokens: 4,
    cache_write_tokens: 1,
    completion_tokens: 5,
    reasoning_tokens: 2,
  },
  ...{ cost_usd: cost, list_usd: 0.25, cached_savings_usd: 0.125, ...changes },
});
const unused = (backend: string, status: string): Row => ({
  backend,
  model_id: "m",
  status,
  latency_ms: 1,
  meta: {},
});

const addTurns = async (...rows: Row[]): Promise<void> => {
  for (const row of rows) {
    const attempts = row["attempts"] === null ? null : sql.json(row["attempts"] as never);
    await sql`insert into ai_chat_usage ${sql({ ...row, attempts } as never)}`;
  }
};
const addEvents = (...rows: Row[]): Promise<unknown> => sql`insert into ai_events ${sql(rows as never)}`;
const fold = async (): Promise<Row> => (await sql`select fold_figures() as answer`)[0]?.["answer"] as Row;

const health = async (seconds = 86_400, now: string | null = NOW): Promise<Health> =>
  (await sql`select admin_health(${seconds}, ${now}) as answer`)[0]?.["answer"] as Health;

describe.each<[string, Figures]>([
  ["before it is folded", { fold: false }],
  ["folded", { fold: true }],
])("a known day, %s", (_, { fold: folds }) => {
  const told = async (seconds?: number): Promise<Health> => {
    if (folds) await fold();
    return health(seconds);
  };

  test("counts calls by provider, engine and outcome, and reads percentiles off those that succeeded", async () => {
    // Nearest rank of 20, 40 … 400: the 10th, the 19th and the 20th.
    await addEvents(
      ...Array.from({ length: 20 }, (_unused, index) =>
        event(at("10T12:00:00"), 20 * (index + 1), { first_token_ms: index < 4 ? 5 + index : null }),
      ),
      event(at("10T13:00:00"), 1, { status: "rate_limited" }),
      event(at("10T13:00:00"), 12_000, { status: "timeout", model_id: "haiku" }),
      event(at("10T13:00:00"), 9, { backend: "groq", model_id: null }),
      event(at("10T13:00:00"), 9, { event_type: "tool", backend: "Frankfurter" }),
    );
    const answer = await told();
    expect(answer).toMatchObject({ complete: true, percentiles: "exact" });
    expect(answer.providers.map((one: Row) => one["id"])).toEqual(["anthropic", "groq"]);
    const none = { p50: null, p95: null, p99: null };
    expect(answer.providers[0]).toEqual({
      ...{ id: "anthropic", calls: 22, succeeded: 20, rateLimited: 1 },
      outcomes: { ok: 20, rate_limited: 1, timeout: 1 },
      latencyMs: { p50: 200, p95: 380, p99: 400 },
      firstTokenMs: { p50: 6, p95: 8, p99: 8 },
      engines: [
        {
          ...{
            model: "opus",
            calls: 21,
            succeeded: 20,
            rateLimited: 1,
            outcomes: { ok: 20, rate_limited: 1 },
          },
          ...{ latencyMs: { p50: 200, p95: 380, p99: 400 }, firstTokenMs: { p50: 6, p95: 8, p99: 8 } },
        },
        {
          ...{ model: "haiku", calls: 1, succeeded: 0, rateLimited: 0, outcomes: { timeout: 1 } },
          ...{ latencyMs: none, firstTokenMs: none },
        },
      ],
    });
    expect(answer.providers[1]).toMatchObject({ calls: 1, latencyMs: { p50: 9, p95: 9, p99: 9 } });
  });

  test("begins and ends to the microsecond, also within an hour", async () => {
    const times = [
      "09T15:29:59.999999",
      ...["09T15:30:00", "09T15:59:59.999999", "09T16:00:00", "09T23:59:59.999999", "10T00:00:00"],
      ...["10T14:59:59.999999", "10T15:00:00", "10T15:29:59.999999"],
      ...["10T15:30:00", "10T15:59:00", "10T16:00:00"],
    ];
    await addEvents(...times.map((time) => event(at(time), 1)));
    await addTurns(...times.map((time) => turn(at(time))));
    const counts = async (seconds: number): Promise<unknown[]> => {
      const answer = await told(seconds);
      return [answer.providers[0]?.calls ?? 0, answer.modes[0]?.["turns"] ?? 0];
    };
    expect(await counts(86_400)).toEqual([8, 8]);
    expect(await counts(86_401)).toEqual([9, 9]);
    expect(await counts(1_800)).toEqual([2, 2]);
    expect(await counts(1_799)).toEqual([1, 1]);
    expect(await counts(1)).toEqual([1, 1]);
    // The day so far, in UTC; 7 and 30 times 24 hours.
    const { cost } = await told();
    expect([cost.today.calls, cost.last7Days.calls, cost.last30Days.calls]).toEqual([4, 9, 9]);
  });

  test("each attempt has its own cost: what is billed, what is free, what is unknown, what was saved", async () => {
    await addTurns(
      // A continued turn on two engines, after a rate limit: 0.5 + 0.25 billed, each with 0.125 saved.
      turn(at("10T01:00:00"), {
        cost_usd: 0.75,
        attempts: [unused("groq", "rate_limited"), used("anthropic", true, 0.5), used("openai", true, 0.25)],
      }),
      // A free one, worth 0.25; one of unknown price; an estimate.
      turn(at("10T02:00:00"), { cost_usd: 0, attempts: [used("groq", false, 0)] }),
      turn(at("10T03:00:00"), { cost_usd: null, attempts: [used("openai", true, null, { list_usd: null })] }),
      turn(at("10T04:00:00"), {
        attempts: [used("anthropic", true, 0.125, { usage_source: "estimated", cached_savings_usd: 0 })],
      }),
      // Inserted by hand: the row is the call. Nothing used is none.
      turn(at("10T05:00:00"), { cost_usd: 2 }),
      turn(at("10T06:00:00"), { status: "failed", cost_usd: 0, prompt_tokens: 0, completion_tokens: 0 }),
      turn(at("10T07:00:00"), { status: "started", cost_usd: null }),
      // Eight days before.
      turn(at("02T06:00:00"), { cost_usd: 4 }),
    );
    const { cost, modes } = await told();
    expect(cost.today).toMatchObject({
      ...{ total: 2.875, paid: 2.875, free: 0, cachedSavings: 0.25, freeTierValue: 0.25 },
      ...{ calls: 6, unknownCalls: 1, estimatedCalls: 1 },
    });
    const rows = cost.today.models.map((one: Row) => [
      one["provider"],
      one["model"],
      one["calls"],
      one["costUsd"],
    ]);
    expect(rows).toEqual([
      ["anthropic", "opus", 1, 2],
      ["anthropic", "m", 2, 0.625],
      ["openai", "m", 2, 0.25],
      ["groq", "m", 1, 0],
    ]);
    expect(cost.today.models[1]).toMatchObject({
      ...{ promptTokens: 20, cachedTokens: 8, cacheWriteTokens: 2, completionTokens: 10, reasoningTokens: 4 },
      ...{ listUsd: 0.5, cachedSavingsUsd: 0.125, paidCalls: 2, estimatedCalls: 1, unvalued: [] },
    });
    // What has no list price is told apart, so that who knows prices can add it.
    const unvalued = { cacheWriteTokens: 0, calls: 1, billed: true };
    expect(cost.today.models[0]?.["unvalued"]).toEqual([
      { ...unvalued, promptTokens: 100, cachedTokens: 40, completionTokens: 10 },
    ]);
    expect(cost.last7Days.total).toBe(2.875);
    expect(cost.last30Days.total).toBe(6.875);
    expect(modes).toEqual([
      {
        ...{ mode: "smart", turns: 6, statuses: { completed: 5, failed: 1 } },
        // Of four turns whose attempts are known: 2, 0, 0, 0.
        failoverDepth: { mean: 0.5, max: 2 },
      },
    ]);
  });

  test("finds the attempts of a turn that does not have them in the log", async () => {
    const [deep, flat] = [turn(at("10T01:00:00")), turn(at("10T01:00:00"), { tier: "fast" })];
    await addTurns(deep, flat, turn(at("10T01:00:00"), { attempts: [] }));
    const log = (row: Row) => event(at("10T01:00:00"), 1, { request_id: row["id"] });
    await addEvents(log(deep), log(deep), log(deep), log(flat));
    const { modes } = await told();
    expect(modes.map((one: Row) => [one["mode"], one["turns"], one["failoverDepth"]])).toEqual([
      ["smart", 2, { mean: 2, max: 2 }],
      ["fast", 1, { mean: 0, max: 0 }],
    ]);
  });
});

test("beyond 20,000 calls percentiles come from histograms, at most 3 % off", async () => {
  await sql`
    insert into ai_events (request_id, event_type, backend, model_id, status, latency_ms, first_token_ms, created_at)
    select gen_random_uuid(), 'attempt', 'groq', 'm' || i % 3, 'ok', i % 7919 + (i * i) % 104729, i % 997,
           ${NOW}::timestamptz - i * interval '2 seconds'
    from generate_series(1, 20001) i`;
  const [exact] = await sql`
    select percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by latency_ms) as latency,
           percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by first_token_ms) as first_token
    from ai_events`;
  for (const folds of [false, true]) {
    if (folds) await fold();
    const answer = await health();
    expect(answer.percentiles).toBe("histogram");
    const [provider] = answer.providers;
    if (provider === undefined) throw new Error("No provider.");
    const { latencyMs, firstTokenMs, calls } = provider;
    expect(calls).toBe(20_001);
    const told = [
      latencyMs.p50,
      latencyMs.p95,
      latencyMs.p99,
      firstTokenMs.p50,
      firstTokenMs.p95,
      firstTokenMs.p99,
    ];
    const values: number[] = [exact?.["latency"], exact?.["first_token"]].flat();
    values.forEach((value, index) => {
      expect(Math.abs((told[index] ?? 0) / value - 1)).toBeLessThan(0.03);
    });
  }
});

/** Everything that is in the figures, folded or not, and what the rows themselves say. */
async function bothSums(): Promise<{
  figures: postgres.RowList<postgres.Row[]>;
  rows: postgres.RowList<postgres.Row[]>;
}> {
  const figures = await sql`
    select hour, mode, status, depth, provider, model, billed, valued, sum(turns)::int as turns, sum(calls)::int as calls,
      sum(prompt_tokens)::float8 as prompt, sum(completion_tokens)::float8 as completion, sum(cost_usd)::float8 as cost,
      sum(list_usd)::float8 as list, sum(unknown_calls)::int as unknown
    from (
      select start as hour, mode, status, depth, provider, model, billed, valued, turns, calls, prompt_tokens,
        completion_tokens, cost_usd, list_usd, unknown_calls from ai_usage_figures where grain = 'hour'
      union all
      select hour, mode, status, depth, provider, model, billed, valued, turns, calls, prompt_tokens,
        completion_tokens, cost_usd, list_usd, unknown_calls from ai_usage_notes
    ) as summed
    group by 1, 2, 3, 4, 5, 6, 7, 8 having (sum(turns), sum(calls), sum(cost_usd)) <> (0, 0, 0)
    order by 1, 2, 3, 4, 5, 6, 7, 8`;
  const rows = await sql`
    select date_trunc('hour', created_at, 'UTC') as hour, tier as mode, status, part.depth, part.provider, part.model,
      part.billed, part.valued, sum(part.turns)::int as turns, sum(part.calls)::int as calls,
      sum(part.prompt_tokens)::float8 as prompt, sum(part.completion_tokens)::float8 as completion,
      sum(part.cost_usd)::float8 as cost, sum(part.list_usd)::float8 as list,
      count(*) filter (where part.is_unknown)::int as unknown
    from ai_chat_usage turn cross join lateral ai_turn_parts(
      turn.status, turn.backend, turn.model, turn.attempts, turn.prompt_tokens, turn.cached_tokens,
      turn.completion_tokens, turn.cost_usd, turn.usage_source) as part
    where status <> 'started' group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8`;
  return { figures, rows };
}

describe("figures are what the rows say", () => {
  const ended = fc.record({
    turn: fc.integer({ min: 0, max: 5 }),
    status: fc.constantFrom("completed", "failed", "cancelled", "interrupted"),
    provider: fc.constantFrom("groq", "openai"),
    cost: fc.constantFrom(0, 0.5, null),
    attempts: fc.integer({ min: 0, max: 3 }),
    fold: fc.boolean(),
  });

  test("however turns end, are found interrupted, and end after all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ended, { maxLength: 12 }), async (ends) => {
        const ids = Array.from({ length: 6 }, () => randomUUID());
        for (const end of ends) {
          const attempts = Array.from({ length: end.attempts }, () =>
            used(end.provider, end.cost !== 0, end.cost),
          );
          const row = {
            ...{ id: ids[end.turn], tier: "smart", started_at: Date.parse(NOW) + end.turn * 3_600_000 },
            ...{
              status: end.status,
              delivered: end.status === "completed",
              model: "m",
              backend: end.provider,
            },
            ...{ prompt_tokens: 10, completion_tokens: 5, cached_tokens: 0, cost_usd: end.cost, attempts },
          };
          await sql`select settle_turns(${sql.json([row] as never)})`;
          if (end.fold) await fold();
        }
        const { figures, rows } = await bothSums();
        expect([...figures]).toEqual([...rows]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("while many settle at once, and something folds all the time", async () => {
    const batch = (n: number): Row[] =>
      Array.from({ length: 20 }, (_unused, index) => ({
        ...{
          id: randomUUID(),
          tier: index % 2 ? "smart" : "fast",
          started_at: Date.parse(NOW),
          status: "completed",
        },
        ...{ delivered: true, model: "m", backend: "groq", prompt_tokens: n, completion_tokens: index },
        ...{ cached_tokens: 0, cost_usd: 0.25, attempts: [used("groq", true, 0.25)] },
      }));
    const settled = Promise.all(
      Array.from({ length: 30 }, (_unused, n) => sql`select settle_turns(${sql.json(batch(n) as never)})`),
    );
    const folded = (async () => {
      for (let times = 0; times < 20; times++) await fold();
    })();
    await Promise.all([settled, folded]);
    const { figures, rows } = await bothSums();
    expect(rows.reduce((sum, row) => sum + row["turns"], 0)).toBe(600);
    expect([...figures]).toEqual([...rows]);
  }, 60_000);

  test("and stay when a user is deleted; an attempt's number that is none counts as unknown", async () => {
    const user_id = await database.aUser();
    const odd = { prompt_tokens: "many", cost_usd: 1e300, list_usd: -5, billed: "yes" };
    await addTurns(turn(at("10T01:00:00"), { user_id, attempts: [used("groq", true, 0.5, odd)] }));
    await addEvents(event(at("10T01:00:00"), 5, { user_id }));
    await sql`delete from auth.users where id = ${user_id}`;
    const answer = await health();
    expect(answer.providers[0]).toMatchObject({ id: "anthropic", calls: 1 });
    expect(answer.cost.today.models).toMatchObject([
      { provider: "groq", promptTokens: 0, costUsd: 1_000_000, listUsd: 0 },
    ]);
  });
});

test("a turn is counted once, whatever its attempts say of where their usage is from", async () => {
  const sources: unknown[] = [null, "", "exact", "no source", {}, [], [null], ["exact"], 7, true];
  for (const usage_source of sources) {
    const attempts = [used("groq", true, 0.5, { usage_source })];
    await addTurns(turn(at("10T01:00:00"), { attempts }));
  }
  const { modes, cost } = await health();
  expect(modes).toMatchObject([{ turns: sources.length }]);
  expect(cost.today.calls).toBe(sources.length);
});

describe("a database with rows from before 019", () => {
  test("keeps its turns running: what there was is taken up in batches, the newest first, exactly once", async () => {
    const old = await hosted.create();
    const files = (await readMigrations(MIGRATIONS)).map((one) => one.sql);
    await applySql(old.owner, ...files.slice(0, 18));
    await old.sql`
      insert into ai_chat_usage (id, tier, quota_day, settle_hash, status, model, backend, prompt_tokens, cost_usd, created_at)
      select gen_random_uuid(), 'smart', current_date, sha256('x'), case when i % 10 = 0 then 'started' else 'completed' end,
        'm', 'groq', 1, 1, now() - i * interval '15 minutes' from generate_series(1, 35000) i`;
    await old.sql`
      insert into ai_events (request_id, event_type, backend, model_id, status, latency_ms, created_at)
      select gen_random_uuid(), 'attempt', 'groq', 'm', 'ok', 5, date_trunc('hour', now()) - (i / 7) * interval '15 minutes'
      from generate_series(1, 45000) i`;
    await applySql(old.owner, ...files.slice(18));
    const sums = async (): Promise<postgres.Row | undefined> =>
      (
        await old.sql`
          select (select coalesce(sum(calls), 0)::int from (
              select calls from ai_call_figures where grain = 'day' union all select calls from ai_call_notes) c) as calls,
            (select coalesce(sum(turns), 0)::int from (
              select turns from ai_usage_figures where grain = 'day' union all select turns from ai_usage_notes) t) as turns`
      )[0];
    expect(await sums()).toEqual({ calls: 20_000, turns: 18_000 });
    const answer = async () => (await old.sql`select admin_health() as a`)[0]?.["a"].complete;
    expect(await answer()).toBe(false);
    // Meanwhile turns go on: one that was taken up, one that was not, one that had not ended.
    const nth = async (n: number) =>
      (await old.sql`select id from ai_chat_usage order by created_at desc offset ${n} limit 1`)[0]?.["id"];
    for (const n of [5, 30_000, 9, 29_999]) {
      await old.sql`update ai_chat_usage set status = 'failed', cost_usd = 7 where id = ${await nth(n)}`;
    }
    expect((await old.sql`select prune_ledger(1, 1, 1000) as a`)[0]?.["a"]).toMatchObject({
      events: 0,
      usage: 0,
      more: true,
    });
    let more = true;
    while (more) more = (await old.sql`select fold_figures(7000) as a`)[0]?.["a"].more;
    expect(await sums()).toEqual({ calls: 45_000, turns: 31_502 });
    expect(await answer()).toBe(true);
    const [figures] =
      await old.sql`select sum(cost_usd)::int as usd from ai_usage_figures where grain = 'hour'`;
    const [rows] =
      await old.sql`select sum(cost_usd)::int as usd from ai_chat_usage where status <> 'started'`;
    expect(figures).toEqual(rows);
    // Again on itself: nothing is taken up twice.
    await applySql(old.owner, ...files.slice(18));
    expect(await sums()).toEqual({ calls: 45_000, turns: 31_502 });
  }, 60_000);
});
