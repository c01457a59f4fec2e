import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { BeginTurn } from "#lib/services/ledger/turn-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aTurn, type BothStores, settled, turnStores } from "../support/turns.ts";

let supabase: TestSupabase;
let stores: Record<"service" | "user", BothStores>;
let store: BothStores;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  const { url, publishableKey, clients } = supabase;
  const options = { now: Date.now, beginTimeoutMs: 60_000 };
  stores = {
    service: turnStores({ clients, ...options }),
    user: turnStores({ clients: createSupabaseClients({ url, publishableKey }), ...options }),
  };
  store = stores.service;
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
  other = await supabase.signUp();
});

const failed = { status: "failed", deliveredContent: false } as const;
const rowOf = async (id: string) =>
  (await supabase.sql`select * from public.ai_chat_usage where id = ${id}`)[0];
const sessions = async (who = user) =>
  (
    await supabase.sql`select id from public.ai_chat_sessions where user_id = ${who.userId} order by updated_at desc`
  ).map(({ id }) => String(id));
const companyUsed = async (tier: string) =>
  Number(
    (await supabase.sql`select used from public.ai_capacity_counters where tier = ${tier}`)[0]?.["used"] ?? 0,
  );
const userUsed = async (tier: string, who = user) =>
  Number(
    (
      await supabase.sql`
        select used from public.ai_quota_counters where tier = ${tier} and user_id = ${who.userId}`
    )[0]?.["used"] ?? 0,
  );
const codeOf = (begun: Promise<unknown>): Promise<unknown> =>
  begun.then(
    () => "begun",
    (error: { code?: unknown }) => error.code,
  );

describe("what a turn hears with its begin", () => {
  test.each(["service", "user"] as const)("is what is remembered of its user, as the %s", async (who) => {
    for (const fact of ["likes tea", "lives in Rome"]) {
      await supabase.clients.asUser(user.accessToken).from("ai_user_memories").insert({ fact });
    }
    await supabase.clients.asUser(other.accessToken).from("ai_user_memories").insert({ fact: "a secret" });
    const first = aTurn(user.caller);
    expect(await stores[who].begin(first)).toMatchObject({
      memories: ["likes tea", "lives in Rome"],
      hasFiles: false,
    });
    expect((await stores[who].begin(first)).memories).toEqual(["likes tea", "lives in Rome"]);
    expect((await stores[who].begin(aTurn(other.caller))).memories).toEqual(["a secret"]);
  });

  test("is whether files belong to its session", async () => {
    const [with_, without] = [await store.begin(aTurn(user.caller)), await store.begin(aTurn(user.caller))];
    await supabase.sql`insert into public.ai_attachments ${supabase.sql({
      ...{ user_id: user.userId, session_id: with_.sessionId, name: "a.png", type: "image" },
      ...{ bytes: 3, digest: "ab".repeat(32), content: "AAAA" },
    })}`;
    const heard = async (sessionId: string) =>
      (await store.begin(aTurn(user.caller, { sessionId }))).hasFiles;
    expect([await heard(with_.sessionId), await heard(without.sessionId)]).toEqual([true, false]);
  });
});

describe("the company's capacity", () => {
  const inMode = (tier: string, changes: Partial<BeginTurn> = {}, who = user): BeginTurn =>
    aTurn(who.caller, { tier, dailyLimit: 50, dailyCapacity: 3, ...changes });

  test("is shared by all users, and the client hears that it was the company's", async () => {
    for (const who of [user, other, user]) await store.begin(inMode("shared", {}, who));
    const refused = inMode("shared", {}, other);
    await expect(store.begin(refused)).rejects.toMatchObject({
      code: "quota_exceeded",
      status: 429,
      retryAfterSeconds: expect.any(Number),
      message: expect.stringContaining("capacity"),
      details: { tier: "shared", limit: 3, remaining: 0, scope: "company" },
    });
    expect([await rowOf(refused.requestId), await userUsed("shared", other)]).toEqual([undefined, 1]);
    await expect(store.begin(inMode("shared", { dailyLimit: 1 }))).rejects.toMatchObject({
      details: { tier: "shared", limit: 1, remaining: 0, scope: "user" },
    });
    expect(await companyUsed("shared")).toBe(3);
  });

  test.each(["service", "user"] as const)(
    "is given back by what delivered nothing, as the %s",
    async (who) => {
      const tier = `refund-${who}`;
      const turns = [inMode(tier), inMode(tier), inMode(tier)];
      for (const turn of turns) await stores[who].begin(turn);
      expect(await codeOf(stores[who].begin(inMode(tier)))).toBe("quota_exceeded");
      await store.settle(settled(turns[0] ?? inMode(tier), failed));
      await store.settle(settled(turns[0] ?? inMode(tier), failed));
      await store.settle(settled(turns[1] ?? inMode(tier)));
      expect([await companyUsed(tier), await userUsed(tier)]).toEqual([2, 2]);
      expect(await codeOf(stores[who].begin(inMode(tier)))).toBe("begun");
    },
  );

  test("goes with a turn that is moved, and stops one that has no room there", async () => {
    const turn = inMode("from");
    await store.begin(turn);
    await store.move({ ...turn, tier: "to" });
    expect([await companyUsed("from"), await companyUsed("to")]).toEqual([0, 1]);
    await expect(store.move({ ...turn, tier: "full", dailyCapacity: 0 })).rejects.toMatchObject({
      details: { tier: "full", limit: 0, scope: "company" },
    });
    expect([await companyUsed("to"), await companyUsed("full"), await userUsed("to")]).toEqual([1, 0, 1]);
  });

  test("holds of the mode that a session keeps", async () => {
    const { sessionId } = await store.begin(inMode("kept"));
    const byLastMode = new Map([["kept", { tier: "kept", dailyLimit: 50, dailyCapacity: 1 }]]);
    await expect(store.begin(inMode("free", { sessionId, byLastMode }))).rejects.toMatchObject({
      details: { tier: "kept", limit: 1, scope: "company" },
    });
  });

  test("lets exactly as many through, of many users at once; those without a capacity count, too", async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => supabase.signUp()));
    const outcomes = await Promise.all(
      Array.from({ length: 150 }, (_, n) =>
        codeOf(store.begin(inMode("crowd", { dailyCapacity: 60 }, users[n % 5]))),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "begun")).toHaveLength(60);
    expect(outcomes.filter((outcome) => outcome === "quota_exceeded")).toHaveLength(90);
    expect(await companyUsed("crowd")).toBe(60);
    await store.begin(inMode("crowd", { dailyCapacity: undefined }));
    expect(await companyUsed("crowd")).toBe(61);
  }, 60_000);

  test("and limits of users stay right with begins, moves and ends at once, and nothing blocks", async () => {
    const tiers = ["a", "b", "c"];
    const run = async (n: number): Promise<void> => {
      const turn = inMode(
        tiers[n % 3] ?? "",
        { dailyLimit: 1_000, dailyCapacity: 1_000 },
        n % 2 ? user : other,
      );
      await store.begin(turn);
      for (const step of [1, 2]) await store.move({ ...turn, tier: tiers[(n + step) % 3] ?? "" });
      await store.settle(settled(turn, n % 4 < 2 ? {} : failed));
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => run(n)));
    const company = await Promise.all(tiers.map(companyUsed));
    const users = await Promise.all(
      tiers.map(async (tier) => (await userUsed(tier)) + (await userUsed(tier, other))),
    );
    expect(company).toEqual(users);
    expect(company.reduce((sum, one) => sum + one, 0)).toBe(20);
  }, 60_000);
});

describe("a user's 50 conversations", () => {
  test("are counted when turns end, and none goes in which an answer is under way", async () => {
    const running = Array.from({ length: 70 }, () => aTurn(user.caller));
    await Promise.all(running.map((turn) => store.begin(turn)));
    expect(await sessions()).toHaveLength(70);
    await Promise.all(running.slice(0, 65).map((turn) => store.settle(settled(turn))));
    const open = await supabase.sql`
      select session_id from public.ai_chat_usage where user_id = ${user.userId} and status = 'started'`;
    const kept = await sessions();
    for (const row of open) expect(kept).toContain(row["session_id"]);
    await Promise.all(running.slice(65).map((turn) => store.settle(settled(turn))));
    expect(await sessions()).toHaveLength(50);
  }, 60_000);

  test("are exactly 50 of those that a user makes through the API", async () => {
    const client = supabase.clients.asUser(user.accessToken);
    await client.from("ai_chat_sessions").insert(Array.from({ length: 49 }, () => ({ title: "Mine" })));
    await Promise.all(
      Array.from({ length: 8 }, () => client.from("ai_chat_sessions").insert({ title: "One more" })),
    );
    expect(await sessions()).toHaveLength(50);
  });

  test("cannot become more than 1,000 by turns that never end, nor stay busy for more than an hour", async () => {
    await supabase.sql`
      with made as (
        insert into public.ai_chat_sessions (user_id) select ${user.userId} from generate_series(1, 1010) returning id
      )
      insert into public.ai_chat_usage (id, user_id, session_id, tier, quota_day, settle_hash)
      select gen_random_uuid(), ${user.userId}, id, 'smart', current_date, decode(${"ab".repeat(32)}, 'hex') from made`;
    await stores.user.begin(aTurn(user.caller));
    expect(await sessions()).toHaveLength(1_000);
    await supabase.sql`
      update public.ai_chat_usage set created_at = now() - interval '61 minutes' where user_id = ${user.userId}`;
    await stores.user.begin(aTurn(user.caller));
    expect(await sessions()).toHaveLength(50);
  });
});

describe("a begin that Postgres has lost in a crash", () => {
  /** As Postgres is after the crash: what the gateway was told has begun is not there. */
  async function lost(changes: Partial<BeginTurn> = {}) {
    const turn = aTurn(user.caller, { tier: "lost", ...changes });
    const { sessionId, sessionCreated } = await store.begin(turn);
    await supabase.sql`delete from public.ai_chat_usage where id = ${turn.requestId}`;
    await supabase.sql`
      update public.ai_quota_counters set used = used - 1 where user_id = ${user.userId} and tier = 'lost'`;
    await supabase.sql`update public.ai_capacity_counters set used = used - 1 where tier = 'lost'`;
    if (sessionCreated) await supabase.sql`delete from public.ai_chat_sessions where id = ${sessionId}`;
    return { turn, sessionId };
  }
  const end = ({ turn, sessionId }: Awaited<ReturnType<typeof lost>>, changes = {}) =>
    settled(turn, { costUsd: 0.5, sessionId, ...changes });

  test("is made again when the turn ends: its row, its conversation, its quota", async () => {
    const before = { user: await userUsed("lost"), company: await companyUsed("lost") };
    const one = await lost();
    await store.settle(end(one));
    await store.settle(end(one));
    expect(await rowOf(one.turn.requestId)).toMatchObject({
      ...{ user_id: user.userId, session_id: one.sessionId, tier: "lost", status: "completed" },
      ...{ cost_usd: "0.5", recorded_by: "service", delivered: true },
    });
    const [session] = await supabase.sql`
      select user_id, messages, title from public.ai_chat_sessions where id = ${one.sessionId}`;
    expect(session).toMatchObject({ user_id: user.userId, title: "question" });
    expect(session?.["messages"]).toHaveLength(2);
    expect(await userUsed("lost")).toBe(before.user + 1);
    expect(await companyUsed("lost")).toBe(before.company + 1);
  });

  test("of a conversation that is there adds to that, never to another user's", async () => {
    const { sessionId } = await store.begin(aTurn(user.caller, { tier: "lost" }));
    await store.settle(end(await lost({ sessionId })));
    const theirs = await store.begin(aTurn(other.caller));
    await store.settle(end({ ...(await lost()), sessionId: theirs.sessionId }));
    const lengths = await supabase.sql`
      select jsonb_array_length(messages) as n from public.ai_chat_sessions
      where id in (${sessionId}, ${theirs.sessionId}) order by n`;
    expect(lengths.map(({ n }) => n)).toEqual([0, 2]);
  });

  test("leaves a row if it was billed without an answer, and gives no unit back that it has not taken", async () => {
    const used = [await userUsed("lost"), await companyUsed("lost")];
    const one = await lost();
    await store.settle(end(one, failed));
    expect(await rowOf(one.turn.requestId)).toMatchObject({ status: "failed", cost_usd: "0.5" });
    expect([await userUsed("lost"), await companyUsed("lost")]).toEqual(used);
  });

  test("stays unknown if nothing was billed, and to whoever is not the service role", async () => {
    const one = await lost();
    const nothing = { ...failed, costUsd: null, attempts: [] };
    expect(await codeOf(store.settle(end(one, nothing)))).toBe("not_found");
    const forged = { id: one.turn.requestId, user_id: user.userId, tier: "lost", started_at: Date.now() };
    const p_turn = { ...forged, settle_secret: "s", status: "completed", delivered: true, cost_usd: 1 };
    for (const client of [supabase.clients.asUser(user.accessToken), supabase.clients.asAnonymous()]) {
      expect((await client.rpc("settle_turn", { p_turn })).error?.code).toBe("PT404");
    }
    expect(await rowOf(one.turn.requestId)).toBeUndefined();
  });
});

describe("the time of a begin", () => {
  const fields = (changes: object) => {
    const { requestId, tier, dailyLimit } = aTurn(user.caller);
    const turn = { request_id: requestId, settle_hash: "ab".repeat(32), user_id: user.userId };
    return { p_turn: { ...turn, tier, daily_limit: dailyLimit, ...changes } };
  };

  test("is over when its caller has given up: nothing is stored, nothing counted", async () => {
    await supabase.sql.begin(async (transaction) => {
      await transaction`insert into public.ai_quota_counters (user_id, tier, day, used)
        values (${user.userId}, 'smart', (now() at time zone 'UTC')::date, 0)`;
      const answer = await supabase.clients.asService().rpc("begin_turn", fields({ timeout_ms: 300 }));
      expect(["55P03", "PT503"]).toContain(answer.error?.code);
      const own = turnStores({ clients: supabase.clients, now: Date.now, beginTimeoutMs: 1_000 });
      await expect(own.begin(aTurn(user.caller))).rejects.toMatchObject({
        code: "database_unavailable",
        status: 503,
      });
    });
    expect(await supabase.sql`select 1 from public.ai_chat_usage where user_id = ${user.userId}`).toEqual([]);
    expect(await userUsed("smart")).toBe(0);
  });

  test("is looked at last, so that slow work is not counted either", async () => {
    await supabase.sql`
      create function public.test_slow() returns trigger language plpgsql as $$
        begin perform pg_sleep(0.3); return new; end $$`;
    await supabase.sql`
      create trigger test_slow before insert on public.ai_chat_sessions for each row execute function public.test_slow()`;
    const late = await supabase.clients.asService().rpc("begin_turn", fields({ timeout_ms: 100 }));
    const patient = await supabase.clients.asService().rpc("begin_turn", fields({ timeout_ms: 20_000 }));
    await supabase.sql`drop function public.test_slow cascade`;
    expect([late.error?.code, late.status, patient.error]).toEqual(["PT503", 503, null]);
    expect(await userUsed("smart")).toBe(1);
  });

  test.each([["soon"], [{}], [-5], [1e12], [null]])(
    "may be anything a user sends: %j",
    async (timeout_ms) => {
      const answer = await supabase.clients
        .asUser(user.accessToken)
        .rpc("begin_turn", fields({ timeout_ms, user_id: null }));
      expect(answer.status).not.toBe(500);
    },
  );

  test("is spent without waiting for the disk by a gateway, and never by a user", async () => {
    await supabase.sql`create table public.test_modes (place serial, mode text, source text)`;
    await supabase.sql`
      create function public.test_mode() returns trigger language plpgsql security definer as $$ begin
        insert into public.test_modes (mode, source)
          select setting, source from pg_settings where name = 'synchronous_commit';
        return new;
      end $$`;
    await supabase.sql`
      create trigger test_mode after insert on public.ai_chat_usage for each row execute function public.test_mode()`;
    for (const who of ["service", "user"] as const) await stores[who].begin(aTurn(user.caller));
    const modes = await supabase.sql`select mode, source from public.test_modes order by place`;
    await supabase.sql`drop function public.test_mode cascade`;
    await supabase.sql`drop table public.test_modes`;
    // Set for this transaction, or as the operator has configured it.
    expect(modes[0]).toEqual({ mode: "off", source: "session" });
    expect(modes[1]?.["source"]).not.toBe("session");
  });
});
