import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import { applySql, type HostedServer, startHostedServer } from "../support/hosted-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

type Row = Record<string, unknown>;
type Percentiles = { p50: number | null; p95: number | null };
type Bucket = Row & {
  start: string;
  turns: Record<string, number>;
  latencyMs: Percentiles;
  firstTokenMs: Percentiles;
};
type Series = { from: string; to: string; complete: boolean; buckets: Bucket[]; spend: Row[] };

let hosted: HostedServer;
let sql: postgres.Sql;

beforeAll(async () => {
  hosted = await startHostedServer();
  const made = await hosted.create();
  await applySql(made.owner, ...(await readMigrations(MIGRATIONS)).map((one) => one.sql));
  sql = made.sql;
}, 60_000);
afterAll(() => hosted.stop());
beforeEach(async () => {
  await sql`truncate ai_chat_usage, ai_events, ai_call_notes, ai_call_figures, ai_usage_notes, ai_usage_figures`;
});

/** The end of the known day; UTC. */
const NOW = "2026-03-10T15:30:00Z";
const at = (time: string): string => `2026-03-${time}Z`;
const HOUR = 3_600;

const attempt = (backend: string, status: string, usage: Row = {}): Row => ({
  ...{ backend, model_id: "m", status, latency_ms: 1, meta: {} },
  ...usage,
});
const used = (backend: string, cost: number, savings = 0): Row =>
  attempt(backend, "ok", {
    ...{ usage_source: "exact", billed: cost > 0, prompt_tokens: 10, completion_tokens: 5 },
    ...{ cost_usd: cost, list_usd: 0.5, cached_savings_usd: savings },
  });
async function addTurn(created_at: string, status: string, attempts: Row[], cost_usd = 0): Promise<void> {
  const row = {
    ...{
      id: randomUUID(),
      tier: "smart",
      quota_day: "2026-03-10",
      settle_hash: Buffer.alloc(32),
      created_at,
    },
    ...{ status, model: "m", backend: "groq", prompt_tokens: 0, completion_tokens: 0, cached_tokens: 0 },
    ...{ cost_usd, usage_source: "exact", attempts: sql.json(attempts as never) },
  };
  await sql`insert into ai_chat_usage ${sql(row as never)}`;
}
async function addCall(created_at: string, latency_ms: number, first_token_ms: number | null, status = "ok") {
  const call = { backend: "groq", model_id: "m", status, latency_ms, first_token_ms, created_at };
  await sql`insert into ai_events ${sql({ request_id: randomUUID(), event_type: "attempt", ...call } as never)}`;
}
async function ask<Answer>(query: postgres.PendingQuery<postgres.Row[]>): Promise<Answer> {
  return (await query)[0]?.["answer"] as Answer;
}
const fold = (): Promise<Row> => ask(sql`select fold_figures() as answer`);
const series = (seconds: number, bucket: number): Promise<Series> =>
  ask(sql`select admin_series(${seconds}, ${bucket}, ${NOW}) as answer`);

const none = { answered: 0, rescued: 0, failed: 0, cancelled: 0, interrupted: 0 };
const startOf = (bucket: Bucket): string => new Date(bucket.start).toISOString().slice(5, 16);
/** Buckets in which something happened, by their start. */
const busy = ({ buckets }: Series): Record<string, Bucket> =>
  Object.fromEntries(
    buckets
      .filter(({ turns, latencyMs }) => Object.values(turns).some(Boolean) || latencyMs.p50 !== null)
      .map((bucket) => [startOf(bucket), bucket]),
  );
const NO_LATENCY = { p50: null, p95: null };

describe.each([
  ["before it is folded", false],
  ["folded", true],
])("a known day, %s", (_, folds) => {
  test("every figure by hand", async () => {
    // The part of an hour with which the window begins, and what lies before it.
    await addTurn(at("09T15:29:59"), "completed", [used("groq", 0)]);
    await addTurn(at("09T15:30:00"), "completed", [used("groq", 0)]);
    // One answered at once, one rescued by the third call, one that nobody could answer, in the same hour.
    await addTurn(at("10T01:00:00"), "completed", [used("openai", 0.25, 0.125)], 0.25);
    await addTurn(
      at("10T01:30:00"),
      "completed",
      [attempt("groq", "rate_limited"), attempt("groq", "timeout"), used("openai", 0.5)],
      0.5,
    );
    await addTurn(at("10T01:59:59"), "failed", [attempt("groq", "timeout"), attempt("openai", "timeout")]);
    // The hour that runs.
    await addTurn(at("10T15:10:00"), "cancelled", [used("groq", 0)]);
    await addTurn(at("10T15:10:00"), "interrupted", []);
    await addTurn(at("10T15:20:00"), "started", []);
    for (const ms of [100, 100, 100, 5_000]) await addCall(at("10T01:00:00"), ms, ms / 10);
    await addCall(at("10T01:00:00"), 1, null, "rate_limited");
    if (folds) await fold();

    const answer = await series(24 * HOUR, HOUR);
    expect(answer).toMatchObject({ complete: true });
    // Half an hour, 23 hours, and half an hour.
    expect(answer.buckets).toHaveLength(25);
    expect([answer.buckets[0], answer.buckets.at(-1)]).toMatchObject([
      { start: answer.from },
      { end: answer.to },
    ]);
    const found = busy(answer);
    expect(Object.keys(found)).toEqual(["03-09T15:30", "03-10T01:00", "03-10T15:00"]);
    expect(found["03-09T15:30"]).toMatchObject({
      turns: { ...none, answered: 1 },
      failoverDepth: 0,
      costUsd: 0,
    });
    expect(found["03-10T01:00"]).toMatchObject({
      turns: { ...none, answered: 1, rescued: 1, failed: 1 },
      // Of 0, 2 and 1.
      ...{ failoverDepth: 1, costUsd: 0.75, cachedSavingsUsd: 0.125, unknownCalls: 0 },
    });
    // The second and the fourth of four, within 2.5 %.
    const { latencyMs, firstTokenMs } = found["03-10T01:00"] ?? expect.fail("No such bucket.");
    const isNear = (value: unknown, ms: number): boolean => Math.abs(Number(value) / ms - 1) <= 0.025;
    expect([isNear(latencyMs.p50, 100), isNear(latencyMs.p95, 5_000)]).toEqual([true, true]);
    expect([isNear(firstTokenMs.p50, 10), isNear(firstTokenMs.p95, 500)]).toEqual([true, true]);
    expect(found["03-10T15:00"]).toMatchObject({
      ...{ turns: { ...none, cancelled: 1, interrupted: 1 }, failoverDepth: 0, latencyMs: NO_LATENCY },
    });
    expect(answer.spend).toEqual([
      { ...{ day: "2026-03-09", provider: "groq", model: "m", calls: 1 }, costUsd: 0, cachedSavingsUsd: 0 },
      {
        ...{ day: "2026-03-10", provider: "openai", model: "m", calls: 2 },
        costUsd: 0.75,
        cachedSavingsUsd: 0.125,
      },
      { ...{ day: "2026-03-10", provider: "groq", model: "m", calls: 1 }, costUsd: 0, cachedSavingsUsd: 0 },
    ]);
  });
});

test("the buckets of every window add up to what admin_health says of it", async () => {
  await sql`
    insert into ai_chat_usage (id, tier, quota_day, settle_hash, created_at, status, model, backend, usage_source,
      cost_usd, attempts)
    select gen_random_uuid(), 'smart', current_date, ${Buffer.alloc(32)},
      ${NOW}::timestamptz - make_interval(secs => power(i, 2) * 0.7),
      (array['completed', 'completed', 'failed', 'cancelled', 'interrupted'])[1 + i % 5], 'm' || i % 25, 'groq',
      'exact', 0.001 * i,
      (select jsonb_agg(jsonb_build_object('backend', 'groq', 'model_id', 'm' || i % 25, 'status', 'ok', 'latency_ms', k,
        'usage_source', 'exact', 'billed', true, 'prompt_tokens', 1, 'completion_tokens', 1, 'cost_usd', 0.001 * i,
        'list_usd', 0.001 * i, 'cached_savings_usd', 0.0005 * i))
       from generate_series(1, 1 + i % 3) k)
    from generate_series(1, 1900) i`;
  for (const folds of [false, true]) {
    if (folds) await fold();
    for (const [seconds, bucket] of [
      [HOUR, 300],
      [24 * HOUR, HOUR],
      [168 * HOUR, 6 * HOUR],
      [720 * HOUR, 24 * HOUR],
    ] as const) {
      const { buckets, spend } = await series(seconds, bucket);
      const health: {
        modes: { turns: number; statuses: Record<string, number> }[];
        cost: Record<string, Row>;
      } = await ask(sql`select admin_health(${seconds}, ${NOW}) as answer`);
      const sum = (name: string): number =>
        buckets.reduce((total, { turns }) => total + (turns[name] ?? 0), 0);
      expect({
        completed: sum("answered") + sum("rescued"),
        ...{ failed: sum("failed"), cancelled: sum("cancelled"), interrupted: sum("interrupted") },
      }).toEqual(health.modes[0]?.statuses);
      const total = (rows: readonly Row[], name: string): number =>
        rows.reduce((before, row) => before + Number(row[name]), 0);
      const periods: Record<number, string> = { [168 * HOUR]: "last7Days", [720 * HOUR]: "last30Days" };
      const period = health.cost[periods[seconds] ?? ""];
      for (const rows of [buckets, spend]) {
        if (period === undefined) continue;
        expect(total(rows, "costUsd")).toBeCloseTo(Number(period["total"]), 9);
        expect(total(rows, "cachedSavingsUsd")).toBeCloseTo(Number(period["cachedSavings"]), 9);
      }
      expect(total(spend, "costUsd")).toBeCloseTo(total(buckets, "costUsd"), 9);
      // 25 models: the 20 dearest, and one row a day for the rest.
      expect(new Set(spend.map(({ model }) => model)).size).toBeLessThanOrEqual(21);
      if (bucket === 24 * HOUR) expect(spend.some(({ model }) => model === null)).toBe(true);
    }
  }
});

test.each([
  ["buckets that do not divide a day", 86_400, 7_000],
  ["more buckets than a chart can show", 30 * 86_400, 60],
])("refuses %s", async (_, seconds, bucket) => {
  await expect(series(seconds, bucket)).rejects.toMatchObject({ code: "22023" });
});
