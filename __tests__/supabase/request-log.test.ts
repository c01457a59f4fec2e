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
import { MIGRATIONS } from "../support/test-postgres.ts";

type Row = Record<string, unknown>;
type Page = { requests: (Row & { id: string })[]; nextCursor: string | null };

let hosted: HostedServer;
let database: HostedDatabase;
let sql: postgres.Sql;
let user: string;

beforeAll(async () => {
  hosted = await startHostedServer();
  database = await hosted.create();
  sql = database.sql;
  await applySql(database.owner, ...(await readMigrations(MIGRATIONS)).map((one) => one.sql));
}, 60_000);
afterAll(() => hosted.stop());
beforeEach(async () => {
  await sql`truncate ai_chat_usage, ai_events, ai_call_notes, ai_call_figures, ai_usage_notes, ai_usage_figures`;
  user = await database.aUser();
  await sql`update auth.users set email = 'ada@example.test' where id = ${user}`;
});

const turn = async (created_at: string, changes: Row = {}): Promise<string> => {
  const row = {
    ...{
      id: randomUUID(),
      tier: "smart",
      quota_day: "2026-03-10",
      settle_hash: Buffer.alloc(32),
      created_at,
    },
    ...{ status: "completed", model: "opus", backend: "anthropic", prompt_tokens: 100, cost_usd: 0.5 },
    ...{ usage_source: "exact", user_id: user, ...changes },
  };
  await sql`insert into ai_chat_usage ${sql(row as never)}`;
  return row.id;
};
const page = async (filter: Row = {}, cursor: string | null = null, limit = 50): Promise<Page> =>
  (await sql`select admin_requests(${sql.json(filter as never)}, ${cursor}, ${limit}) as page`)[0]?.["page"];
const ids = (of: Page): string[] => of.requests.map(({ id }) => id);

describe("the log of requests", () => {
  test("has the newest first, page by page, none twice and none left out, also at one moment", async () => {
    const moment = "2026-03-10T12:00:00.123456Z";
    const made = [await turn("2026-03-10T13:00:00Z"), await turn("2026-03-09T12:00:00Z")];
    for (let index = 0; index < 5; index++) made.push(await turn(moment));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: Page = await page({}, cursor, 2);
      seen.push(...ids(next));
      cursor = next.nextCursor;
    } while (cursor !== null);
    expect(seen[0]).toBe(made[0]);
    expect(seen[6]).toBe(made[1]);
    expect(seen.toSorted()).toEqual(made.toSorted());
  });

  test("finds what is asked for", async () => {
    const [key] = await sql`
      insert into gateway_keys (user_id, name, key_hash, prefix) values (${user}, 'CI',
        encode(sha256(convert_to(${randomUUID()}, 'UTF8')), 'hex'), 'sk-sarmalink-') returning id`;
    const odd = await turn("2026-03-10T12:00:00Z", {
      ...{
        status: "failed",
        tier: "fast",
        backend: "groq",
        model: "l'ama",
        key_id: key?.["id"],
        cost_usd: 0.75,
      },
      ...{ route: "/api/v1/responses", user_id: null, settled_at: "2026-03-10T12:00:02.500Z" },
    });
    const unknown = await turn("2026-03-11T12:00:00Z", { cost_usd: null });
    const running = await turn("2026-03-12T12:00:00Z", { status: "started", cost_usd: null });
    const cases: [Row, string[]][] = [
      [{}, [running, unknown, odd]],
      [{ status: "failed" }, [odd]],
      [{ status: "started" }, [running]],
      [{ status: "completed" }, [unknown]],
      [{ mode: "fast" }, [odd]],
      [{ provider: "groq", model: "l'ama" }, [odd]],
      [{ model: "' or true --" }, []],
      [{ user }, [running, unknown]],
      [{ key: key?.["id"] }, [odd]],
      [{ route: "/api/v1/responses" }, [odd]],
      [{ from: "2026-03-11T12:00:00Z", to: "2026-03-12T12:00:00Z" }, [unknown]],
      [{ minCost: 0.75 }, [odd]],
      [{ maxCost: 0.7 }, []],
      [{ minCost: 0.5, maxCost: 1, status: "failed" }, [odd]],
      [{ unknownCost: true }, [unknown]],
      [{ unknownCost: false }, [odd]],
    ];
    for (const [filter, expected] of cases)
      expect([filter, ids(await page(filter))]).toEqual([filter, expected]);
    expect((await page({ mode: "fast" })).requests[0]).toMatchObject({
      ...{ user: null, key: { id: key?.["id"], name: "CI" }, costUsd: 0.75, durationMs: 2500, attempts: 0 },
    });
    expect((await page({ user })).requests[0]?.["user"]).toEqual({ id: user, email: "ada@example.test" });
  });

  test.each<[string, Row, string | null]>([
    ["an unknown filter", { engine: "x" }, null],
    ["no uuid", { user: "x" }, null],
    ["no time", { from: "yesterday-ish" }, null],
    ["no number", { minCost: "x" }, null],
    ["no boolean", { unknownCost: "perhaps" }, null],
    ["no cursor", {}, "x' or true"],
  ])("refuses %s", async (_, filter, cursor) => {
    await expect(page(filter, cursor)).rejects.toMatchObject({ code: expect.stringMatching(/^22/) });
  });

  test("looks at 20,000 turns at most, says where it stopped, and goes on from there", async () => {
    await sql`
      insert into ai_chat_usage (id, tier, quota_day, settle_hash, status, model, created_at)
      select gen_random_uuid(), 'smart', '2026-03-10', sha256('x'), 'completed', 'm',
             '2026-03-10T12:00:00Z'::timestamptz - i * interval '1 second' from generate_series(1, 20500) i`;
    const oldest = await turn("2026-01-01T00:00:00Z");
    const first = await page({ model: "opus" });
    expect(ids(first)).toEqual([]);
    expect(first.nextCursor).not.toBeNull();
    const second = await page({ model: "opus" }, first.nextCursor);
    expect(second).toMatchObject({ requests: [{ id: oldest }], nextCursor: null });
  });

  test("shows one request with all of its attempts and calls of tools, and nothing that was said", async () => {
    const attempts = [
      {
        ...{
          backend: "groq",
          model_id: "m",
          key_index: 1,
          status: "rate_limited",
          latency_ms: 4,
          tokens_out: null,
        },
        meta: { attempt: 1, httpStatus: 429, reason: "slow down" },
      },
      {
        ...{
          backend: "anthropic",
          model_id: "opus",
          key_index: 0,
          status: "ok",
          latency_ms: 900,
          tokens_out: 5,
        },
        ...{
          meta: {},
          started_ms: 6,
          first_token_ms: 300,
          prompt_tokens: 10,
          cached_tokens: 4,
          billed: true,
        },
        ...{ cache_write_tokens: 0, completion_tokens: 5, reasoning_tokens: 2, usage_source: "exact" },
        ...{ cost_usd: 0.5, list_usd: 0.5, cached_savings_usd: 0.1 },
      },
    ];
    const id = await turn("2026-03-10T12:00:00Z", { attempts: sql.json(attempts) });
    await sql`insert into ai_events ${sql({
      ...{ request_id: id, event_type: "tool", backend: "Frankfurter", status: "ok", latency_ms: 45 },
      meta: sql.json({ call: 1, tool: "rates" }),
    })}`;
    const one = async (of: string) => (await sql`select admin_request(${of}) as one`)[0]?.["one"];
    expect(await one(id)).toMatchObject({
      attempts: [
        {
          provider: "groq",
          keyIndex: 1,
          outcome: "rate_limited",
          httpStatus: 429,
          reason: "slow down",
          usage: null,
        },
        {
          ...{ provider: "anthropic", outcome: "ok", startedMs: 6, firstTokenMs: 300, latencyMs: 900 },
          usage: { promptTokens: 10, reasoningTokens: 2, source: "exact", billed: true, costUsd: 0.5 },
        },
      ],
      toolCalls: [{ source: "Frankfurter", tool: "rates", status: "ok", latencyMs: 45 }],
    });
    // Of a turn without attempts in its row they are in the log.
    const bare = await turn("2026-03-10T12:00:00Z");
    await sql`insert into ai_events ${sql({ request_id: bare, event_type: "attempt", backend: "groq", status: "ok" })}`;
    expect((await one(bare)).attempts).toMatchObject([{ provider: "groq", outcome: "ok" }]);
    expect(await one(randomUUID())).toBeNull();
  });
});

describe("retention", () => {
  const prune = async (events: number | null, usage: number | null, batch = 100): Promise<Row> =>
    (await sql`select prune_ledger(${events}, ${usage}, ${batch}) as answer`)[0]?.["answer"] as Row;
  const left = async (): Promise<unknown[]> =>
    (
      await sql`select (select count(*)::int from ai_events) as e, (select count(*)::int from ai_chat_usage) as u`
    ).flatMap((row) => [row["e"], row["u"]]);
  const daysAgo = async (days: number): Promise<string> =>
    (await sql`select (now() - make_interval(days => ${days}, secs => 1))::text as at`)[0]?.["at"];
  const event = async (days: number): Promise<unknown> =>
    sql`insert into ai_events ${sql({
      ...{ request_id: randomUUID(), event_type: "attempt", backend: "g", model_id: "m", status: "ok" },
      ...{ latency_ms: 7, created_at: await daysAgo(days) },
    })}`;

  test("takes what is older, in batches; the figures stay", async () => {
    for (let index = 0; index < 5; index++) {
      await event(10);
      await turn(await daysAgo(20));
    }
    await event(9);
    await turn(await daysAgo(19));
    expect(await prune(10, 20, 4)).toEqual({ events: 4, usage: 4, more: true });
    expect(await prune(10, 20, 4)).toEqual({ events: 1, usage: 1, more: false });
    expect(await left()).toEqual([1, 1]);
    const [row] = await sql`select admin_health(2592000) as h`;
    expect(row?.["h"]).toMatchObject({
      percentiles: "histogram",
      providers: [{ calls: 6, latencyMs: { p50: expect.closeTo(7, 0) } }],
      cost: { last30Days: { total: 3 } },
    });
  });

  test.each([
    [0, 0],
    [null, null],
    [-1, -1],
  ])("keeps everything for %s days", async (events, usage) => {
    await event(3000);
    await turn(await daysAgo(3000));
    expect(await prune(events, usage)).toEqual({ events: 0, usage: 0, more: false });
    expect(await left()).toEqual([1, 1]);
  });

  test("never takes a turn that has not ended, today's, or what a key's budget counts this month", async () => {
    const [dates] = await sql`
      select date_trunc('day', now(), 'UTC')::text as today, date_trunc('month', now(), 'UTC')::text as month,
        (date_trunc('month', now(), 'UTC') - interval '1 second')::text as before`;
    const key_id = randomUUID();
    const kept = [
      await turn(await daysAgo(50), { status: "started" }),
      await turn(dates?.["today"]),
      await turn(dates?.["month"], { key_id }),
    ];
    await turn(dates?.["before"], { key_id });
    await prune(1, 1);
    const rows = await sql`select id from ai_chat_usage`;
    expect(rows.map((row) => row["id"]).toSorted()).toEqual(kept.toSorted());
  });

  test("is one at a time, and waits for nobody's row", async () => {
    await event(10);
    const held = await turn(await daysAgo(20));
    await sql.begin(async (other) => {
      await other`select 1 from ai_chat_usage where id = ${held} for update`;
      expect(await prune(1, 1)).toEqual({ events: 1, usage: 0, more: false });
      await other`select pg_advisory_xact_lock(hashtextextended('ai_prune', 0))`;
      expect(await prune(1, 1)).toEqual({ events: 0, usage: 0, more: false });
    });
    expect(await prune(1, 1)).toEqual({ events: 0, usage: 1, more: false });
  });

  test("keeps figures by the hour for 35 days, and by the day for 1,100", async () => {
    for (const days of [34, 40, 1000, 1200]) {
      await event(days);
      await turn(await daysAgo(days));
    }
    await prune(1, 1);
    await prune(1, 1);
    for (const table of ["ai_call_figures", "ai_usage_figures"]) {
      const grains = await sql`select grain, count(*)::int as rows from ${sql(table)} group by 1 order by 1`;
      expect([...grains]).toEqual([
        { grain: "day", rows: 3 },
        { grain: "hour", rows: 1 },
      ]);
    }
  });
});

test("only the service role asks any of it", async () => {
  const calls = [
    "admin_health()",
    "admin_requests()",
    `admin_request('${randomUUID()}')`,
    "fold_figures()",
    "prune_ledger(0, 0)",
  ];
  for (const call of calls) {
    for (const role of ["anon", "authenticated"] as const) {
      const asked = database.as(role, user, (acting) => acting.unsafe(`select public.${call}`));
      await expect(asked).rejects.toMatchObject({ code: "42501" });
    }
    await database.as("service_role", undefined, (acting) => acting.unsafe(`select public.${call}`));
  }
});
