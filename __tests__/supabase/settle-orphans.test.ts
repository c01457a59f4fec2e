import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseOrphanStore } from "#lib/adapters/supabase/orphan-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aTurn, type BothStores, settled, turnStores } from "../support/turns.ts";

/** Turns of processes that died with their disk: found by the lease of the process, and settled once. */
let supabase: TestSupabase;
let user: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
});

const storesOf = (instanceId?: string): BothStores =>
  turnStores({ clients: supabase.clients, now: Date.now, instanceId, beginTimeoutMs: 15_000 });
const settleOrphans = (limit = 200) =>
  createSupabaseOrphanStore({ clients: supabase.clients, timeoutMs: 15_000 }).settleOrphans(limit);

/** A process that was seen so many seconds ago; undefined: it has no row. */
async function anInstance(seenSecondsAgo: number | undefined): Promise<string> {
  const id = randomUUID();
  if (seenSecondsAgo !== undefined) {
    await supabase.sql`
      insert into ai_instances (id, started_at, seen_at)
      values (${id}, now() - interval '1 day', now() - make_interval(secs => ${seenSecondsAgo}))`;
  }
  return id;
}

/** A turn that such a process has begun so many minutes ago. */
async function begun(instanceId: string | undefined, minutesAgo = 2, sessionId?: string) {
  const turn = aTurn(user.caller, { dailyCapacity: 1_000, sessionId, tier: "smart" });
  const { sessionId: session } = await storesOf(instanceId).begin(turn);
  await supabase.sql`
    update ai_chat_usage set created_at = now() - make_interval(mins => ${minutesAgo}) where id = ${turn.requestId}`;
  return { turn, session };
}

const rowOf = async (id: string) =>
  (
    await supabase.sql`
    select status, delivered, usage_source, cost_usd, prompt_tokens::int as prompt, attempts,
           settled_at is not null as settled, instance_id
    from ai_chat_usage where id = ${id}`
  )[0];
const counted = async () => {
  const [row] = await supabase.sql`
    select (select coalesce(sum(used), 0)::int from ai_quota_counters where user_id = ${user.userId}) as user,
           (select coalesce(sum(used), 0)::int from ai_capacity_counters where tier = 'smart') as company`;
  return row as { user: number; company: number };
};
const sessionExists = async (id: string): Promise<boolean> =>
  (await supabase.sql`select 1 from ai_chat_sessions where id = ${id}`).length === 1;

const CASES: { whose: string; seen: number | undefined; minutesAgo: number; settled: boolean }[] = [
  { whose: "a process that was not seen for a minute", seen: 61, minutesAgo: 2, settled: true },
  { whose: "a process that was seen just now", seen: 1, minutesAgo: 2, settled: false },
  { whose: "a living process whose answer streams for two hours", seen: 5, minutesAgo: 120, settled: false },
  { whose: "a process without a row, within the hour", seen: undefined, minutesAgo: 59, settled: false },
  { whose: "a process without a row, an hour later", seen: undefined, minutesAgo: 61, settled: true },
];

describe("a turn that is still started", () => {
  test.each(CASES)("of $whose: settled $settled", async ({ seen, minutesAgo, settled: isSettled }) => {
    const instance = await anInstance(seen);
    const before = await counted();
    const { turn, session } = await begun(instance, minutesAgo);
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "started", instance_id: instance });
    await settleOrphans();
    const row = await rowOf(turn.requestId);
    if (!isSettled) {
      expect(row).toMatchObject({ status: "started", settled: false });
      expect(await counted()).toEqual({ user: before.user + 1, company: before.company + 1 });
      expect(await sessionExists(session)).toBe(true);
      return;
    }
    expect(row).toMatchObject({ status: "interrupted", delivered: false, settled: true, attempts: [] });
    expect(row).toMatchObject({ usage_source: "estimated", cost_usd: null, prompt: 0 });
    expect(await counted()).toEqual(before);
    // It was made for this turn, and nothing was said in it.
    expect(await sessionExists(session)).toBe(false);
  });

  test("of a gateway of before 022, which does not say who it is, an hour later", async () => {
    const { turn: young } = await begun(undefined, 50);
    const { turn: old } = await begun(undefined, 70);
    await settleOrphans();
    expect(await rowOf(young.requestId)).toMatchObject({ status: "started", instance_id: null });
    expect(await rowOf(old.requestId)).toMatchObject({ status: "interrupted" });
  });

  test("gives its unit back to the day and the mode that it was taken from", async () => {
    const { turn } = await begun(await anInstance(300));
    await supabase.sql`
      with moved as (
        update ai_chat_usage set quota_day = quota_day - 1 where id = ${turn.requestId} returning quota_day
      )
      insert into ai_quota_counters (user_id, tier, day, used) select ${user.userId}, 'smart', quota_day, 3 from moved`;
    await settleOrphans();
    const rows = await supabase.sql`
      select used from ai_quota_counters where user_id = ${user.userId} order by day`;
    expect(rows.map(({ used }) => used)).toEqual([2, 1]);
  });

  test("keeps a conversation in which something was said, or another turn is under way", async () => {
    const living = await anInstance(1);
    const { session } = await begun(living);
    const { turn } = await begun(await anInstance(300), 2, session);
    await settleOrphans();
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "interrupted" });
    expect(await sessionExists(session)).toBe(true);
  });
});

describe("what was settled so", () => {
  test("is not settled again", async () => {
    const before = await counted();
    await begun(await anInstance(300));
    expect(await settleOrphans()).toEqual({ settled: 1, more: false });
    expect(await settleOrphans()).toEqual({ settled: 0, more: false });
    expect(await counted()).toEqual(before);
  });

  test("gives way to the real end, once, with its unit, its cost and its messages", async () => {
    const instance = await anInstance(300);
    const before = await counted();
    const { session } = await begun(await anInstance(1));
    const { turn } = await begun(instance, 2, session);
    await settleOrphans();
    const stores = storesOf(instance);
    await stores.settle(settled(turn, { costUsd: 0.5 }));
    await stores.settle(settled(turn, { costUsd: 7, status: "failed" }));
    const row = await rowOf(turn.requestId);
    expect(row).toMatchObject({ status: "completed", delivered: true, attempts: [{ status: "ok" }] });
    expect(Number(row?.["cost_usd"])).toBe(0.5);
    expect(await counted()).toEqual({ user: before.user + 2, company: before.company + 2 });
  });
});

describe("many of them", () => {
  test("are settled in batches, and it is told whether there are more", async () => {
    const before = await counted();
    const instance = await anInstance(300);
    for (let turn = 0; turn < 5; turn++) await begun(instance);
    expect(await settleOrphans(2)).toEqual({ settled: 2, more: true });
    expect(await settleOrphans(2)).toEqual({ settled: 2, more: true });
    expect(await settleOrphans(2)).toEqual({ settled: 1, more: false });
    expect(await counted()).toEqual(before);
  });

  test("are settled once by any number of callers at the same moment", async () => {
    const before = await counted();
    const instance = await anInstance(300);
    for (let turn = 0; turn < 6; turn++) await begun(instance);
    const answers = await Promise.all(Array.from({ length: 8 }, () => settleOrphans()));
    expect(answers.reduce((sum, answer) => sum + answer.settled, 0)).toBe(6);
    expect(await counted()).toEqual(before);
  });

  test("wait for nobody: a turn that is being settled, or whose session is written to, comes next time", async () => {
    const instance = await anInstance(300);
    const { turn: settling } = await begun(instance);
    const { turn: writing, session } = await begun(instance);
    const { turn: free } = await begun(instance);
    await supabase.sql.begin(async (sql) => {
      await sql`select 1 from ai_chat_usage where id = ${settling.requestId} for update`;
      await sql`select 1 from ai_chat_sessions where id = ${session} for update`;
      expect(await settleOrphans()).toMatchObject({ settled: 1 });
    });
    expect(await rowOf(free.requestId)).toMatchObject({ status: "interrupted" });
    expect(await rowOf(settling.requestId)).toMatchObject({ status: "started" });
    expect(await rowOf(writing.requestId)).toMatchObject({ status: "started" });
    expect(await settleOrphans()).toMatchObject({ settled: 2 });
  });

  test.each([0, -5])("a limit of %i settles nothing", async (limit) => {
    const { turn } = await begun(await anInstance(300));
    expect(await settleOrphans(limit)).toEqual({ settled: 0, more: false });
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "started" });
    await settleOrphans();
  });
});

describe("users", () => {
  test.each(["asUser", "asAnonymous"] as const)("cannot settle anything: %s", async (who) => {
    const client =
      who === "asUser" ? supabase.clients.asUser(user.accessToken) : supabase.clients.asAnonymous();
    const { error } = await client.rpc("settle_orphans", { p_limit: 10 });
    expect(error?.code).toBe("42501");
  });
});
