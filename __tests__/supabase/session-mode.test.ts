import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { BeginTurn } from "#lib/services/ledger/turn-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";
import { aTurn, type BothStores, settled, turnStores } from "../support/turns.ts";

let supabase: TestSupabase;
let store: BothStores;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = turnStores({ clients: supabase.clients, now: Date.now });
  other = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
});

const KEPT = new Map([
  ["coder", { tier: "coder", dailyLimit: 2 }],
  ["live", { tier: "live", dailyLimit: 5 }],
]);

/** Begins and ends a turn. */
async function turn(changes: Partial<BeginTurn>) {
  const begun = aTurn(user.caller, changes);
  const answer = await store.begin(begun);
  await store.settle(settled(begun));
  const [row] = await supabase.sql`select tier from public.ai_chat_usage where id = ${begun.requestId}`;
  return { ...answer, tier: row?.["tier"] };
}

async function lastMode(sessionId: string): Promise<unknown> {
  const [row] = await supabase.sql`select last_mode from public.ai_chat_sessions where id = ${sessionId}`;
  return row?.["last_mode"];
}

async function used(): Promise<Record<string, number>> {
  const rows = await supabase.sql`
    select tier, used from public.ai_quota_counters where user_id = ${user.userId} and used > 0 order by tier`;
  return Object.fromEntries(rows.map((row) => [String(row["tier"]), Number(row["used"])]));
}

describe("the mode of a session", () => {
  test("is that of its newest turn", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    expect(await lastMode(sessionId)).toBe("coder");
    await turn({ sessionId, tier: "live" });
    expect(await lastMode(sessionId)).toBe("live");
  });

  test("is what the turn is for, not the mode that it borrows engines from", async () => {
    const { sessionId, tier } = await turn({ mode: "reasoner", tier: "smart" });
    expect([await lastMode(sessionId), tier]).toEqual(["reasoner", "smart"]);
  });

  test("is kept if the turn says so, and the turn counts there", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    const second = await turn({ sessionId, tier: "smart", byLastMode: KEPT });
    expect(second).toMatchObject({ lastMode: "coder", tier: "coder", usedToday: 2 });
    expect(await lastMode(sessionId)).toBe("coder");
    expect(await used()).toEqual({ coder: 2 });
  });

  test("is not kept if the turn does not know it", async () => {
    const { sessionId } = await turn({ tier: "reasoner" });
    const second = await turn({ sessionId, tier: "smart", byLastMode: KEPT });
    expect(second).toMatchObject({ lastMode: undefined, tier: "smart", usedToday: 1 });
    expect(await lastMode(sessionId)).toBe("smart");
  });

  test("of a new session there is none to keep", async () => {
    expect(await turn({ tier: "smart", byLastMode: KEPT })).toMatchObject({
      lastMode: undefined,
      tier: "smart",
    });
  });

  test("is unknown in sessions of before 014", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    await supabase.sql`update public.ai_chat_sessions set last_mode = null where id = ${sessionId}`;
    const next = await turn({ sessionId, tier: "smart", byLastMode: KEPT });
    expect(next).toMatchObject({ lastMode: undefined, tier: "smart" });
  });

  test("its own limit holds, the error names it, and nothing is changed", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    await turn({ sessionId, tier: "smart", byLastMode: KEPT });
    await expect(turn({ sessionId, tier: "smart", byLastMode: KEPT })).rejects.toMatchObject({
      code: "quota_exceeded",
      message: expect.stringContaining('"coder"'),
      details: { tier: "coder", limit: 2 },
    });
    expect(await used()).toEqual({ coder: 2 });
    await expect(turn({ sessionId, tier: "smart", dailyLimit: 0 })).rejects.toMatchObject({
      details: { tier: "smart", limit: 0 },
    });
    expect(await lastMode(sessionId)).toBe("coder");
  });

  test("a turn that is begun twice keeps it twice", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    const again = aTurn(user.caller, { sessionId, tier: "smart", byLastMode: KEPT });
    const answers = await Promise.all([1, 2, 3].map(() => store.begin(again)));
    expect(answers.map((answer) => answer.lastMode)).toEqual(["coder", "coder", "coder"]);
    const switched = aTurn(user.caller, { sessionId, tier: "live", byLastMode: new Map() });
    const [first, second] = [await store.begin(switched), await store.begin(switched)];
    expect([first.lastMode, second.lastMode]).toEqual([undefined, undefined]);
    expect(await used()).toEqual({ coder: 2, live: 1 });
  });

  test("exactly the limit of the kept mode is let through, of many at once", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    const byLastMode = new Map([["coder", { tier: "coder", dailyLimit: 10 }]]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => store.begin(aTurn(user.caller, { sessionId, byLastMode }))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    expect(await used()).toEqual({ coder: 10 });
  });
});

describe("a turn that is moved to another mode", () => {
  const started = async (changes: Partial<BeginTurn> = {}) => {
    const begun = aTurn(user.caller, changes);
    return { begun, ...(await store.begin(begun)) };
  };
  const rowOf = async ({ requestId }: BeginTurn) =>
    (await supabase.sql`select tier, used_at_begin from public.ai_chat_usage where id = ${requestId}`)[0];

  test("counts there, and so does its session", async () => {
    await turn({ tier: "coder" });
    const { begun, sessionId } = await started();
    expect(await store.move({ ...begun, tier: "coder", dailyLimit: 5 })).toEqual({ usedToday: 2 });
    expect(await used()).toEqual({ coder: 2 });
    expect(await lastMode(sessionId)).toBe("coder");
    expect(await rowOf(begun)).toEqual({ tier: "coder", used_at_begin: 2 });
    await store.settle(settled(begun, { deliveredContent: false, status: "failed" }));
    expect(await used()).toEqual({ coder: 1 });
  });

  test("twice is once", async () => {
    const { begun } = await started();
    for (let n = 0; n < 3; n++) await store.move({ ...begun, tier: "coder", dailyLimit: 5 });
    expect(await used()).toEqual({ coder: 1 });
  });

  test("stays where it is if the limit there is reached", async () => {
    await turn({ tier: "coder" });
    const { begun, sessionId } = await started();
    for (const dailyLimit of [1, 0]) {
      await expect(store.move({ ...begun, tier: "coder", dailyLimit })).rejects.toMatchObject({
        code: "quota_exceeded",
        details: { tier: "coder", limit: dailyLimit },
      });
    }
    expect(await used()).toEqual({ coder: 1, smart: 1 });
    expect(await lastMode(sessionId)).toBe("smart");
    expect(await rowOf(begun)).toMatchObject({ tier: "smart" });
  });

  test("is not one that has ended, nor another one's, nor one whose secret is not known", async () => {
    const { begun } = await started();
    const to = { tier: "coder", dailyLimit: 5 };
    await expect(store.move({ ...begun, ...to, settleSecret: "guess" })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(store.move({ ...begun, ...to, requestId: randomUUID() })).rejects.toMatchObject({
      code: "not_found",
    });
    const p_turn = {
      ...{ request_id: begun.requestId, settle_secret: begun.settleSecret },
      ...{ tier: "coder", daily_limit: 5 },
    };
    const theirs = await supabase.clients.asUser(other.accessToken).rpc("begin_turn", { p_turn });
    expect(theirs.error?.code).toBe("PT404");
    const nobody = await supabase.clients.asAnonymous().rpc("begin_turn", { p_turn });
    expect(nobody.error?.code).toBe("42501");
    await store.settle(settled(begun));
    await expect(store.move({ ...begun, ...to })).rejects.toMatchObject({ code: "not_found" });
    expect(await used()).toEqual({ smart: 1 });
  });

  test("by a user without a gateway, within the bounds of a day", async () => {
    const withoutKey = createSupabaseClients({
      url: supabase.url,
      publishableKey: supabase.publishableKey,
      serviceRoleKey: undefined,
    });
    const own = turnStores({ clients: withoutKey, now: Date.now });
    const begun = aTurn(user.caller);
    await own.begin(begun);
    const outcomes: unknown[] = [];
    for (let n = 0; n < 35; n++) {
      const moved = own.move({ ...begun, tier: `m${n}`, dailyLimit: 5 });
      outcomes.push(
        await moved.then(
          () => "moved",
          (error: { code?: unknown }) => error.code,
        ),
      );
    }
    expect(outcomes.filter((outcome) => outcome === "moved")).toHaveLength(31);
    expect(Object.values(await used())).toEqual([1]);
  });

  test("many at once, to and fro, with begins and ends, neither block each other nor lose a unit", async () => {
    const tiers = ["smart", "coder", "live"];
    const patient = turnStores({ clients: supabase.clients, now: Date.now, beginTimeoutMs: 20_000 });
    const run = async (n: number): Promise<void> => {
      const begun = aTurn(user.caller, { tier: tiers[n % 3] ?? "", dailyLimit: 1_000 });
      await patient.begin(begun);
      for (const step of [1, 2]) {
        await patient.move({ ...begun, tier: tiers[(n + step) % 3] ?? "", dailyLimit: 1_000 });
      }
      await store.settle(settled(begun, n % 2 === 0 ? {} : { deliveredContent: false, status: "failed" }));
    };
    await Promise.all(Array.from({ length: 24 }, (_, n) => run(n)));
    expect(Object.values(await used()).reduce((sum, one) => sum + one, 0)).toBe(12);
  }, 60_000);
});

describe("gateways and databases of before 014", () => {
  const oldArguments = (sessionId: string | null, tier: string) => ({
    p_request_id: randomUUID(),
    p_settle_hash: "ab".repeat(32),
    p_tier: tier,
    p_daily_limit: 5,
    p_session_id: sessionId,
    p_title: "Old",
    p_user_id: user.userId,
  });

  test("an older gateway begins turns as before, and its modes are known", async () => {
    const service = supabase.clients.asService();
    const first = await service.rpc("begin_turn", oldArguments(null, "coder"));
    expect(Object.keys(first.data as object).sort()).toEqual([
      "messages",
      "session_created",
      "session_id",
      "used_today",
    ]);
    const sessionId = String((first.data as Record<string, unknown>)["session_id"]);
    expect(await turn({ sessionId, tier: "smart", byLastMode: KEPT })).toMatchObject({ tier: "coder" });
    const over = await service.rpc("begin_turn", { ...oldArguments(null, "coder"), p_daily_limit: 1 });
    expect(over.error?.code).toBe("PT429");
  });

  test("a gateway of 014 works on an older database, without modes that are kept", async () => {
    const older = await startTestSupabase();
    const text = await readFile(join(MIGRATIONS, "010_turn_writers.sql"), "utf8");
    const [before = ""] = /create or replace function public\.begin_turn\([\s\S]*?\n\$\$;/.exec(text) ?? [];
    await older.sql.unsafe(`drop function public.begin_turn(jsonb); ${before}
      drop view public.ai_complete_sessions;
      alter table public.ai_chat_sessions drop column last_mode;`);
    const withUser = await older.signUp();
    for (const clients of [
      older.clients,
      createSupabaseClients({
        url: older.url,
        publishableKey: older.publishableKey,
        serviceRoleKey: undefined,
      }),
    ]) {
      const oldStore = turnStores({ clients, now: Date.now });
      const first = await oldStore.begin(aTurn(withUser.caller, { tier: "coder", dailyLimit: 50 }));
      const { sessionId } = first;
      const next = await oldStore.begin(aTurn(withUser.caller, { sessionId, byLastMode: KEPT }));
      expect(next).toMatchObject({ sessionId, sessionCreated: false, lastMode: undefined });
    }
    await older.stop();
  }, 30_000);
});

describe("whoever calls the database's own API", () => {
  const fields = (changes: object) => ({
    p_turn: {
      request_id: randomUUID(),
      settle_hash: "ab".repeat(32),
      mode: "smart",
      tier: "smart",
      daily_limit: 5,
      ...changes,
    },
  });
  const asUser = (who: TestUser) => supabase.clients.asUser(who.accessToken);

  test("begins turns of their own only", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    const mine = await asUser(user).rpc("begin_turn", fields({ session_id: sessionId }));
    expect(mine.error).toBeNull();
    const theirs = await asUser(other).rpc("begin_turn", fields({ session_id: sessionId }));
    expect(theirs.error?.code).toBe("PT404");
    const forOther = await asUser(other).rpc("begin_turn", fields({ user_id: user.userId }));
    expect(forOther.error?.code).toBe("PT403");
    const nobody = await supabase.clients.asAnonymous().rpc("begin_turn", fields({}));
    expect(nobody.error?.code).toBe("42501");
    expect(await lastMode(sessionId)).toBe("smart");
  });

  test("sees the mode of their own sessions, and writes none", async () => {
    const { sessionId } = await turn({ tier: "coder" });
    const seen = await asUser(user).from("ai_chat_sessions").select("last_mode").eq("id", sessionId);
    expect(seen.data).toEqual([{ last_mode: "coder" }]);
    const spied = await asUser(other).from("ai_chat_sessions").select("last_mode").eq("id", sessionId);
    expect(spied.data).toEqual([]);
    const anonymous = await supabase.clients.asAnonymous().from("ai_chat_sessions").select("last_mode");
    expect(anonymous.error?.code).toBe("42501");
    for (const client of [asUser(user), asUser(other), supabase.clients.asService()]) {
      const written = await client.from("ai_chat_sessions").update({ last_mode: "live" }).eq("id", sessionId);
      expect(written.error?.code).toBe("42501");
      const made = await client
        .from("ai_chat_sessions")
        .insert({ user_id: user.userId, title: "t", last_mode: "live" });
      expect(made.error?.code).toBe("42501");
    }
    expect(await lastMode(sessionId)).toBe("coder");
  });

  test.each([
    ["a text", "coder"],
    ["a list", ["coder"]],
    ["a row without a tier", { coder: {} }],
    ["a tier that is none", { coder: { tier: "no such\nthing", daily_limit: 5 } }],
    ["a limit that is none", { coder: { tier: "coder", daily_limit: "many" } }],
    ["no limit", { coder: { tier: "coder" } }],
  ])("stores nothing for %s as the modes to keep", async (_, byLastMode) => {
    const { sessionId } = await turn({ tier: "coder" });
    const turns = async () =>
      (
        await supabase.sql`select count(*)::int as n from public.ai_chat_usage where user_id = ${user.userId}`
      )[0];
    const answer = await asUser(user).rpc(
      "begin_turn",
      fields({ session_id: sessionId, by_last_mode: byLastMode }),
    );
    expect(answer.error).not.toBeNull();
    expect(await turns()).toEqual({ n: 1 });
    expect(await lastMode(sessionId)).toBe("coder");
  });

  test("invents modes within the bounds of a day, kept ones too", async () => {
    const { sessionId } = await turn({ tier: "m0" });
    let refused: string | undefined;
    for (let n = 1; n < 40 && refused === undefined; n++) {
      const byLastMode = { [`m${n - 1}`]: { tier: `m${n}`, daily_limit: 5 } };
      const answer = await asUser(user).rpc(
        "begin_turn",
        fields({ session_id: sessionId, by_last_mode: byLastMode }),
      );
      refused = answer.error?.code;
    }
    expect(refused).toBe("PT429");
    expect(Object.keys(await used())).toHaveLength(32);
  });

  test("nothing that is not an object is a turn", async () => {
    for (const p_turn of [null, 1, "x", [], [[]], {}]) {
      expect((await supabase.clients.asService().rpc("begin_turn", { p_turn })).error).not.toBeNull();
    }
  });
});
