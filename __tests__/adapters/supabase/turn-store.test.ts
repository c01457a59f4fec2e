import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../../support/test-database.ts";
import { aTurn, type BothStores, settled, turnStores } from "../../support/turns.ts";

let supabase: TestSupabase;
let store: BothStores;
let user: TestUser;
let other: TestUser;

/** 2026-03-01 23:00 UTC: an hour before the quota is new. */
const now = () => Date.UTC(2026, 2, 1, 23, 0, 0);

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = turnStores({ clients: supabase.clients, now });
  other = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
});

const used = async (tier = "smart") =>
  (
    await supabase.sql`select used from ai_quota_counters where user_id = ${user.userId} and tier = ${tier}`
  )[0]?.["used"];
const turnRow = async (id: string) => (await supabase.sql`select * from ai_chat_usage where id = ${id}`)[0];
const session = async (id: string) =>
  (await supabase.sql`select * from ai_complete_sessions where id = ${id}`)[0];
const sessionCount = async () =>
  (await supabase.sql`select count(*)::int as n from ai_chat_sessions where user_id = ${user.userId}`)[0]?.[
    "n"
  ];

describe("begin", () => {
  test("makes a session, counts the turn and opens its ledger row", async () => {
    const turn = aTurn(user.caller, { title: "Trip to Rome" });
    const begun = await store.begin(turn);
    expect(begun).toMatchObject({ sessionCreated: true, messages: [], usedToday: 1 });
    expect(await session(begun.sessionId)).toMatchObject({ user_id: user.userId, title: "Trip to Rome" });
    expect(await turnRow(turn.requestId)).toMatchObject({
      user_id: user.userId,
      session_id: begun.sessionId,
      tier: "smart",
      status: "started",
      settle_hash: createHash("sha256").update(turn.settleSecret).digest(),
    });
  });

  test("continues a session with its stored messages", async () => {
    const first = aTurn(user.caller);
    const { sessionId } = await store.begin(first);
    await store.settle(settled(first));
    expect(await store.begin(aTurn(user.caller, { sessionId }))).toEqual({
      sessionId,
      sessionCreated: false,
      messages: [
        { role: "user", content: "question" },
        { role: "assistant", content: "answer" },
      ],
      usedToday: 2,
      lastMode: undefined,
      memories: [],
      hasFiles: false,
    });
  });

  test("is idempotent by request id: the same answer, counted once", async () => {
    const turn = aTurn(user.caller);
    const [first, ...again] = await Promise.all([1, 2, 3, 4].map(() => store.begin(turn)));
    for (const answer of again) expect(answer).toEqual(first);
    expect(await used()).toBe(1);
    expect(await sessionCount()).toBe(1);
  });

  test("refuses a request id of another user, and the same id with another secret", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await expect(store.begin({ ...turn, caller: other.caller })).rejects.toMatchObject({ code: "conflict" });
    await expect(store.begin({ ...turn, settleSecret: "guessed" })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("lets exactly the limit through, of 500 at once", async () => {
    const patient = turnStores({ clients: supabase.clients, now, beginTimeoutMs: 60_000 });
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, () =>
        patient.begin(aTurn(user.caller)).then(
          () => "begun",
          (error: { code?: unknown }) => error.code,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "begun")).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome === "quota_exceeded")).toHaveLength(400);
    expect(await used()).toBe(100);
  }, 60_000);

  test("says when the quota is new, and stores nothing of a refused turn", async () => {
    await store.begin(aTurn(user.caller, { dailyLimit: 1 }));
    const refused = aTurn(user.caller, { dailyLimit: 1 });
    await expect(store.begin(refused)).rejects.toMatchObject({
      code: "quota_exceeded",
      status: 429,
      retryAfterSeconds: 3600,
    });
    expect(await turnRow(refused.requestId)).toBeUndefined();
    expect(await sessionCount()).toBe(1);
    expect(await used()).toBe(1);
  });

  test.each([0, -1, Number.NaN])("a limit of %s lets nothing through", async (dailyLimit) => {
    await expect(store.begin(aTurn(user.caller, { dailyLimit }))).rejects.toMatchObject({
      code: "quota_exceeded",
    });
  });

  test("no limit is a very large one", async () => {
    await store.begin(aTurn(user.caller, { dailyLimit: Number.POSITIVE_INFINITY }));
  });

  test("counts each mode by itself", async () => {
    await store.begin(aTurn(user.caller, { dailyLimit: 1 }));
    expect(await store.begin(aTurn(user.caller, { tier: "fast", dailyLimit: 1 }))).toMatchObject({
      usedToday: 1,
    });
  });

  test("another user's session and an unknown one are both not found, and cost nothing", async () => {
    const theirs = await store.begin(aTurn(other.caller));
    for (const sessionId of [theirs.sessionId, randomUUID()]) {
      await expect(store.begin(aTurn(user.caller, { sessionId }))).rejects.toMatchObject({
        code: "not_found",
      });
    }
    expect(await used()).toBeUndefined();
  });

  test("keeps 50 sessions, dropping the one touched longest ago", async () => {
    const oldest = await store.begin(aTurn(user.caller));
    const revived = aTurn(user.caller);
    const { sessionId } = await store.begin(revived);
    for (let index = 0; index < 48; index++) await store.begin(aTurn(user.caller));
    await store.settle(settled(revived));
    await supabase.sql`delete from ai_chat_usage where session_id = ${oldest.sessionId}`;
    const newest = [aTurn(user.caller), aTurn(user.caller)];
    await Promise.all(newest.map((turn) => store.begin(turn)));
    await Promise.all(newest.map((turn) => store.settle(settled(turn))));
    await supabase.sql`update ai_chat_usage set status = 'failed' where user_id = ${user.userId}`;
    const last = aTurn(user.caller, { sessionId });
    await store.begin(last);
    await store.settle(settled(last));
    expect(await sessionCount()).toBe(50);
    expect(await session(oldest.sessionId)).toBeUndefined();
    expect(await session(sessionId)).toBeDefined();
  });
});

describe("settle", () => {
  test("writes turn, messages and attempts", async () => {
    const turn = aTurn(user.caller);
    const { sessionId } = await store.begin(turn);
    await store.settle(settled(turn));
    expect(await turnRow(turn.requestId)).toMatchObject({
      status: "completed",
      delivered: true,
      model: "llama-3.3-70b-versatile",
      backend: "groq",
      prompt_tokens: "11",
      completion_tokens: "7",
      cached_tokens: "3",
      total_tokens: "18",
      cost_usd: "0.00012",
      usage_source: "exact",
      settled_at: expect.any(Date),
    });
    expect((await session(sessionId))?.["messages"]).toHaveLength(2);
    const events = await supabase.sql`select * from ai_events where request_id = ${turn.requestId}`;
    expect(events).toMatchObject([
      {
        user_id: user.userId,
        event_type: "attempt",
        status: "ok",
        latency_ms: 123,
        key_index: 0,
        meta: { attempt: 1 },
      },
    ]);
  });

  test("keeps the difference between an unknown and a zero cost", async () => {
    const costs = [];
    for (const costUsd of [null, 0]) {
      const turn = aTurn(user.caller);
      await store.begin(turn);
      await store.settle(settled(turn, { costUsd }));
      costs.push((await turnRow(turn.requestId))?.["cost_usd"]);
    }
    expect(costs).toEqual([null, "0"]);
  });

  test("what a gateway key spends is counted against its month, once", async () => {
    const { userId } = user.caller;
    const [key] = await supabase.sql`
      insert into gateway_keys (user_id, name, key_hash, prefix)
      values (${userId}, 'spender', ${createHash("sha256").update(userId).digest("hex")}, 'sk-sarmalink-')
      returning id`;
    const keyId = String(key?.["id"]);
    const turn = aTurn({ kind: "key", userId, keyId, limits: {} });
    await store.begin(turn);
    await store.settle(settled(turn, { costUsd: 0.25 }));
    await store.settle(settled(turn, { costUsd: 0.25 }));
    const [row] = await supabase.sql`select key_id from ai_chat_usage where id = ${turn.requestId}`;
    expect(row?.["key_id"]).toBe(keyId);
    const spent = await supabase.sql`select usd from gateway_key_spend where key_id = ${keyId}`;
    expect(spent.map(({ usd }) => Number(usd))).toEqual([0.25]);
  });

  test("is idempotent: a second settle changes nothing", async () => {
    const turn = aTurn(user.caller);
    const { sessionId } = await store.begin(turn);
    await Promise.all([1, 2, 3].map(() => store.settle(settled(turn))));
    await store.settle(settled(turn, { deliveredContent: false, status: "failed", promptTokens: 99 }));
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "completed", prompt_tokens: "11" });
    expect((await session(sessionId))?.["messages"]).toHaveLength(2);
    expect(await used()).toBe(1);
    expect(await supabase.sql`select 1 from ai_events where request_id = ${turn.requestId}`).toHaveLength(1);
  });

  test("returns the unit and removes the empty session when nothing was delivered", async () => {
    const turn = aTurn(user.caller);
    const { sessionId } = await store.begin(turn);
    await store.settle(settled(turn, { deliveredContent: false, status: "failed" }));
    expect(await used()).toBe(0);
    expect(await session(sessionId)).toBeUndefined();
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "failed", delivered: false });
  });

  test("returns the unit to the day the turn began", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await supabase.sql`update ai_chat_usage set quota_day = quota_day - 1 where id = ${turn.requestId}`;
    await supabase.sql`insert into ai_quota_counters (user_id, tier, day, used)
      select user_id, tier, quota_day, 5 from ai_chat_usage where id = ${turn.requestId}`;
    await store.settle(settled(turn, { deliveredContent: false, status: "failed" }));
    const counters = await supabase.sql`
      select used from ai_quota_counters where user_id = ${user.userId} order by day`;
    expect(counters.map((row) => row["used"])).toEqual([4, 1]);
  });

  test("keeps a session in which another turn is running, and one with messages", async () => {
    const first = aTurn(user.caller);
    const { sessionId } = await store.begin(first);
    const second = aTurn(user.caller, { sessionId });
    await store.begin(second);
    await store.settle(settled(first, { deliveredContent: false, status: "failed" }));
    expect(await session(sessionId)).toBeDefined();
    await store.settle(settled(second));
    expect((await session(sessionId))?.["messages"]).toHaveLength(2);
  });

  test("parallel settles of one session lose no message", async () => {
    const opening = aTurn(user.caller);
    const { sessionId } = await store.begin(opening);
    await store.settle(settled(opening));
    const turns = Array.from({ length: 20 }, () => aTurn(user.caller, { sessionId }));
    await Promise.all(turns.map((turn) => store.begin(turn)));
    await Promise.all(
      turns.map((turn, index) => store.settle(settled(turn, { userMessage: `message ${index}` }))),
    );
    const messages = (await session(sessionId))?.["messages"] as { content: string }[];
    expect(messages).toHaveLength(42);
    for (let index = 0; index < 20; index++) {
      expect(messages.filter((message) => message.content === `message ${index}`)).toHaveLength(1);
    }
  });

  test("survives a session that the user deleted meanwhile", async () => {
    const turn = aTurn(user.caller);
    const { sessionId } = await store.begin(turn);
    await supabase.clients.asUser(user.accessToken).from("ai_chat_sessions").delete().eq("id", sessionId);
    await store.settle(settled(turn));
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "completed" });
  });

  test("a user who forges a settle gets no unit back and writes no cost", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    const forged = settled(turn, {
      settleSecret: randomBytes(32).toString("base64url"),
      deliveredContent: false,
      costUsd: 0,
    });
    await expect(store.settle(forged)).rejects.toMatchObject({ code: "forbidden" });
    const direct = await supabase.clients.asUser(user.accessToken).rpc("settle_turn", {
      p_turn: {
        id: turn.requestId,
        settle_secret: (await turnRow(turn.requestId))?.["settle_hash"].toString("hex"),
        status: "failed",
        delivered: false,
      },
    });
    expect(direct.error?.code).toBe("PT403");
    expect(await used()).toBe(1);
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "started", cost_usd: null });
  });

  test("another user cannot settle the turn, even with the secret", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await expect(store.settle(settled({ ...turn, caller: other.caller }))).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("a turn is settled although the user's access token has expired meanwhile", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await store.settle(settled({ ...turn, caller: { ...user.caller, accessToken: "expired" } }));
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "completed", prompt_tokens: "11" });
  });

  test("a signed-in user who knows the secret of another's turn cannot settle it", async () => {
    const turn = aTurn(user.caller);
    await store.begin(turn);
    const direct = await supabase.clients.asUser(other.accessToken).rpc("settle_turn", {
      p_turn: {
        id: turn.requestId,
        settle_secret: turn.settleSecret,
        status: "failed",
        delivered: false,
      },
    });
    expect(direct.error?.code).toBe("PT404");
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "started" });
  });

  test("stores NUL and lone surrogates as U+FFFD, but the NUL of a message not at all", async () => {
    const turn = aTurn(user.caller, { title: "a\u0000b" });
    const { sessionId } = await store.begin(turn);
    await store.settle(
      settled(turn, {
        userMessage: "a\u0000b 👍",
        assistantMessage: "c\ud800d",
        attempts: settled(turn).attempts.map((attempt) => ({ ...attempt, meta: { "k\u0000": ["v\ud800"] } })),
      }),
    );
    expect(await session(sessionId)).toMatchObject({
      title: "a\ufffdb",
      messages: [{ content: "ab 👍" }, { content: "c\ufffdd" }],
    });
    expect(await supabase.sql`select meta from ai_events where request_id = ${turn.requestId}`).toEqual([
      { meta: { "k\ufffd": ["v\ufffd"] } },
    ]);
  });

  test("keeps a message of 200 000 characters", async () => {
    const turn = aTurn(user.caller);
    const { sessionId } = await store.begin(turn);
    await store.settle(settled(turn, { userMessage: "é".repeat(200_000) }));
    const messages = (await session(sessionId))?.["messages"] as { content: string }[];
    expect(messages[0]?.content).toHaveLength(200_000);
  });
});

describe("whom a call acts for", () => {
  const userOnly = (): BothStores => {
    const { url, publishableKey } = supabase;
    return turnStores({ clients: createSupabaseClients({ url, publishableKey }), now });
  };
  const keyCaller = (): Caller => ({ kind: "key", userId: user.userId, keyId: randomUUID(), limits: {} });

  test("a gateway key acts for its owner", async () => {
    const turn = aTurn(keyCaller());
    const { sessionId } = await store.begin(turn);
    await store.settle(settled(turn));
    expect(await session(sessionId)).toMatchObject({ user_id: user.userId });
    expect(await used()).toBe(1);
  });

  test("a gateway key without a service role: not configured, naming the variable", async () => {
    await expect(userOnly().begin(aTurn(keyCaller()))).rejects.toMatchObject({
      code: "not_configured",
      message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
    });
    await userOnly().begin(aTurn(user.caller));
  });

  test("a user cannot name another user", async () => {
    const { error } = await supabase.clients.asUser(user.accessToken).rpc("begin_turn", {
      p_request_id: randomUUID(),
      p_settle_hash: "ab".repeat(32),
      p_tier: "smart",
      p_daily_limit: 1,
      p_user_id: other.userId,
    });
    expect(error?.code).toBe("PT403");
  });

  test("without a service role a token that the database does not accept is unauthorized", async () => {
    const caller: Caller = { kind: "user", userId: user.userId, email: undefined, accessToken: "garbage" };
    await expect(userOnly().begin(aTurn(caller))).rejects.toMatchObject({ code: "unauthorized" });
  });

  test("with one a turn is the service role's, whatever has become of the token that proved the user", async () => {
    const caller: Caller = { kind: "user", userId: user.userId, email: undefined, accessToken: "expired" };
    const turn = aTurn(caller);
    await store.begin(turn);
    await store.settle(settled(turn));
    expect(await turnRow(turn.requestId)).toMatchObject({ user_id: user.userId, recorded_by: "service" });
  });

  test("without one it is the user's", async () => {
    const turn = aTurn(user.caller);
    await userOnly().begin(turn);
    await userOnly().settle(settled(turn));
    expect(await turnRow(turn.requestId)).toMatchObject({ status: "completed", recorded_by: "user" });
  });

  test.each([true, false])(
    "a user who is gone is unauthorized (service role: %s)",
    async (hasServiceRole) => {
      const gone = await supabase.signUp();
      await supabase.sql`delete from auth.users where id = ${gone.userId}`;
      const begun = (hasServiceRole ? store : userOnly()).begin(aTurn(gone.caller));
      await expect(begun).rejects.toMatchObject({ code: "unauthorized" });
    },
  );
});

describe("a dead database", () => {
  let silent: Server;
  afterEach(() => {
    silent?.close();
  });
  const storeOn = (url: string) =>
    turnStores({
      clients: createSupabaseClients({ url, publishableKey: "sb_publishable_x" }),
      now,
    });

  test("refusing connections: database_unavailable at once", async () => {
    await expect(storeOn("http://127.0.0.1:9").begin(aTurn(user.caller))).rejects.toMatchObject({
      code: "database_unavailable",
      status: 503,
    });
  });

  test("silent: database_unavailable within about two seconds", async () => {
    silent = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const started = performance.now();
    await expect(storeOn(`http://127.0.0.1:${port}`).begin(aTurn(user.caller))).rejects.toMatchObject({
      code: "database_unavailable",
    });
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
