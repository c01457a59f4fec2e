import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { createSupabaseTurnStore } from "#lib/adapters/supabase/turn-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { LedgerStore } from "#lib/services/ledger/ledger-ports.ts";
import { emptyRow, interruptedRow, rowWithoutContent, startedRow } from "#lib/services/ledger/ledger-row.ts";
import type { BeginTurn, TurnStore } from "#lib/services/ledger/turn-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aLedgerEntry, aToolCall, aTurn, ledgerRow, settled } from "../support/turns.ts";

let supabase: TestSupabase;
let turns: TurnStore;
let ledger: LedgerStore;
let user: TestUser;
let key: Extract<Caller, { kind: "key" }>;

beforeAll(async () => {
  supabase = await startTestSupabase();
  // Many calls at once on a busy machine: this is not about how long they take.
  turns = createSupabaseTurnStore({ clients: supabase.clients, now: Date.now, beginTimeoutMs: 15_000 });
  ledger = createSupabaseLedgerStore({ clients: supabase.clients, timeoutMs: 15_000 });
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
  const [made] = await supabase.sql<{ id: string }[]>`
    insert into gateway_keys (user_id, name, key_hash, prefix)
    values (${user.userId}, 'k', encode(sha256(convert_to(${randomUUID()}, 'UTF8')), 'hex'), 'sk-sarmalink-')
    returning id`;
  key = { kind: "key", userId: user.userId, keyId: made?.id ?? "", limits: {} };
});

const begin = async (changes: Partial<BeginTurn> = {}, caller: Caller = user.caller) => {
  const turn = aTurn(caller, changes);
  return { turn, ...(await turns.begin(turn)) };
};
const rowOf = async (id: string) => (await supabase.sql`select * from ai_chat_usage where id = ${id}`)[0];
const messagesOf = async (session: string): Promise<string[]> => {
  const [row] = await supabase.sql`select messages from ai_chat_sessions where id = ${session}`;
  return ((row?.["messages"] ?? []) as { content: string }[]).map(({ content }) => content);
};
const used = async () =>
  (
    await supabase.sql`select sum(used)::int as used from ai_quota_counters where user_id = ${user.userId}`
  )[0]?.["used"];
const spent = async () =>
  Number(
    (await supabase.sql`select sum(usd) as usd from gateway_key_spend where key_id = ${key.keyId}`)[0]?.[
      "usd"
    ],
  );
const nothing = { deliveredContent: false, status: "failed" } as const;

describe("one call stores turns of both kinds", () => {
  test("each with its attempts in its row, and one row of the attempt log for each of them", async () => {
    const { turn, sessionId } = await begin({}, key);
    const other = aLedgerEntry({ caller: key, costUsd: 0.25 });
    expect(await ledger.record([settled(turn, { costUsd: 0.5 }), ledgerRow(other)])).toEqual([]);
    for (const id of [turn.requestId, other.requestId]) {
      const row = await rowOf(id);
      expect(row).toMatchObject({ status: "completed", key_id: key.keyId, recorded_by: "service" });
      const logged = await supabase.sql`
        select model_id, backend, key_index, status, tokens_out, meta, user_id from ai_events where request_id = ${id}`;
      expect(logged).toHaveLength(1);
      expect(row?.["attempts"]).toMatchObject(logged.map(({ user_id: _, ...attempt }) => attempt));
      expect(logged[0]?.["user_id"]).toBe(user.userId);
    }
    expect(await messagesOf(sessionId)).toEqual(["question", "answer"]);
    expect(await spent()).toBe(0.75);
  });

  test("of a gateway whose clock is ahead no later than now: a budget counts them this month", async () => {
    const DAY = 86_400_000;
    const entry = aLedgerEntry({ caller: key, costUsd: 0.5 });
    await ledger.record([{ ...ledgerRow(entry), startedAt: Date.now() + 40 * DAY }]);
    const [found] = await supabase.sql`
      select usage.created_at <= now() as begun, usage.quota_day <= current_date as counted,
             (select bool_and(created_at <= now()) from ai_events where request_id = usage.id) as logged,
             (select sum(usd)::float8 from gateway_key_spend
                where key_id = ${key.keyId} and month <= current_date) as spent
      from ai_chat_usage usage where id = ${entry.requestId}`;
    expect(found).toEqual({ begun: true, counted: true, logged: true, spent: 0.5 });
  });

  test("and tells of those that it does not know, or whose secret is wrong; the others are stored", async () => {
    const [good, guessed] = [await begin(), await begin()];
    const unknown = aTurn(user.caller);
    const refused = await ledger.record([
      settled(unknown, { deliveredContent: false, status: "failed", costUsd: null, attempts: [] }),
      settled(guessed.turn, { settleSecret: "guessed" }),
      settled(good.turn),
      ledgerRow(aLedgerEntry()),
    ]);
    expect(refused.toSorted((a, b) => a.code.localeCompare(b.code))).toMatchObject([
      { requestId: guessed.turn.requestId, code: "forbidden" },
      { requestId: unknown.requestId, code: "not_found" },
    ]);
    expect(await rowOf(good.turn.requestId)).toMatchObject({ status: "completed" });
    expect(await rowOf(guessed.turn.requestId)).toMatchObject({ status: "started" });
    expect(await rowOf(unknown.requestId)).toBeUndefined();
  });

  test("one that the tables refuse costs the others nothing, native or not", async () => {
    const [good, bad] = [await begin(), await begin()];
    const refused = await ledger.record([
      settled(bad.turn, { promptTokens: -1 }),
      ledgerRow(aLedgerEntry({ costUsd: -1 })),
      settled(good.turn),
    ]);
    expect(refused.map(({ code }) => code)).toEqual(["rejected", "rejected"]);
    expect(await rowOf(good.turn.requestId)).toMatchObject({ status: "completed" });
    expect(await rowOf(bad.turn.requestId)).toMatchObject({ status: "started" });
  });

  test("turns of one conversation keep the order in which they ended", async () => {
    const first = await begin();
    const later = await Promise.all([1, 2, 3].map(() => begin({ sessionId: first.sessionId })));
    const rows = [first, ...later].map(({ turn }, index) =>
      settled(turn, { userMessage: `q${index}`, assistantMessage: `a${index}` }),
    );
    await ledger.record(rows.toReversed());
    expect(await messagesOf(first.sessionId)).toEqual(["q3", "a3", "q2", "a2", "q1", "a1", "q0", "a0"]);
  });

  test("what delivered nothing gives its units back, and takes the conversations it made along", async () => {
    const begun = await Promise.all(
      [1, 2, 3, 4].map((index) => begin({ tier: index < 3 ? "smart" : "fast" })),
    );
    expect(await used()).toBe(4);
    await ledger.record(begun.map(({ turn }, index) => settled(turn, index === 0 ? {} : nothing)));
    expect(await used()).toBe(1);
    const left = await supabase.sql`select id from ai_chat_sessions where user_id = ${user.userId}`;
    expect(left.map((row) => row["id"])).toEqual([begun[0]?.sessionId]);
  });
});

/** What a gateway of 019 says more about a turn, and about one of its attempts. */
const USED = {
  route: "/api/v1/chat/completions",
  served_tokens: 7,
  billable_tokens: 18,
  attempts: [
    {
      ...{ model_id: "m", backend: "b", key_index: 0, status: "ok", latency_ms: 20, tokens_out: 7, meta: {} },
      ...{ started_ms: 5, first_token_ms: 12.4, prompt_tokens: 11, cached_tokens: 3, cache_write_tokens: 0 },
      ...{ completion_tokens: 7, reasoning_tokens: 2, usage_source: "exact", billed: true, cost_usd: 0.5 },
      ...{ list_usd: 0.5, cached_savings_usd: 0.01 },
    },
  ],
};
const endedNow = () => ({
  ...{ id: randomUUID(), tier: "smart", started_at: Date.now(), status: "completed", delivered: true },
  ...{ prompt_tokens: 11, completion_tokens: 7, cached_tokens: 3, cost_usd: 0.5, usage_source: "exact" },
});
const settle = async (...rows: object[]) =>
  (await supabase.sql`select settle_turns(${supabase.sql.json(rows as never)}) as answer`)[0]?.["answer"];

describe("what a turn used", () => {
  test("is stored with the turn, native or not; the log of attempts has the time to the first content", async () => {
    const { turn } = await begin();
    const native = { ...endedNow(), id: turn.requestId, settle_secret: turn.settleSecret, ...USED };
    const other = { ...endedNow(), ...USED };
    expect(await settle(native, other)).toEqual({ stored: 2, refused: [] });
    for (const id of [native.id, other.id]) {
      expect(await rowOf(id)).toMatchObject({
        ...{ route: USED.route, served_tokens: "7", billable_tokens: "18", attempts: USED.attempts },
      });
      const logged = await supabase.sql`select first_token_ms from ai_events where request_id = ${id}`;
      expect(logged).toEqual([{ first_token_ms: 12 }]);
    }
  });

  test("is logged when its turn began, native or not, however late it is stored", async () => {
    // As after an outage of the database, or from a folder of parked turns.
    const begun = new Date(Date.now() - 2 * 86_400_000);
    const { turn } = await begin();
    await supabase.sql`update ai_chat_usage set created_at = ${begun} where id = ${turn.requestId}`;
    const native = { ...endedNow(), id: turn.requestId, settle_secret: turn.settleSecret, ...USED };
    const other = { ...endedNow(), started_at: begun.getTime(), ...USED };
    await supabase.clients.asService().rpc("settle_turns", { p_turns: [native, other] });
    for (const id of [native.id, other.id]) {
      const logged = await supabase.sql`select created_at from ai_events where request_id = ${id}`;
      expect(logged).toEqual([{ created_at: begun }]);
    }
  });

  test("may be unknown: an older gateway says nothing of it", async () => {
    const { turn } = await begin();
    const attempts = [{ model_id: "m", backend: "b", status: "ok", latency_ms: 1, meta: {} }];
    const native = { ...endedNow(), id: turn.requestId, settle_secret: turn.settleSecret, attempts };
    const other = { ...endedNow(), attempts };
    expect(await settle(native, other)).toEqual({ stored: 2, refused: [] });
    for (const id of [native.id, other.id]) {
      expect(await rowOf(id)).toMatchObject({ route: null, served_tokens: null, billable_tokens: null });
      const logged = await supabase.sql`select first_token_ms from ai_events where request_id = ${id}`;
      expect(logged).toEqual([{ first_token_ms: null }]);
    }
  });

  test.each([
    { route: "" },
    { route: "r".repeat(201) },
    { served_tokens: -1 },
    { served_tokens: 1_000_000_001 },
    { billable_tokens: -1 },
    { billable_tokens: 1_000_000_000_001 },
  ])("keeps to its bounds: %o is refused", async (changes) => {
    const good = { ...endedNow(), ...USED };
    const answer = await settle(good, { ...endedNow(), ...USED, ...changes });
    expect(answer).toMatchObject({ stored: 1, refused: [{ code: "23514" }] });
  });

  test("is what ai_after_settle hears of: of every turn that was stored, billed or not", async () => {
    await supabase.sql`create table heard (id uuid)`;
    const [{ source }] = (await supabase.sql`
      select pg_get_functiondef('ai_after_settle(uuid[])'::regprocedure) as source`) as never as [
      { source: string },
    ];
    await supabase.sql`
      create or replace function ai_after_settle(p_ids uuid[]) returns void language sql as
      'insert into public.heard select unnest(p_ids)'`;
    const [native, alone] = [await begin(), await begin()];
    const free = { ...endedNow(), cost_usd: 0 };
    const failed = { ...endedNow(), status: "failed", delivered: false, cost_usd: null };
    const settledNative = {
      ...endedNow(),
      id: native.turn.requestId,
      settle_secret: native.turn.settleSecret,
    };
    await settle(settledNative, free, failed);
    const last = { ...endedNow(), id: alone.turn.requestId, settle_secret: alone.turn.settleSecret };
    await supabase.sql`select settle_turn(${supabase.sql.json(last)})`;
    await settle(settledNative, free, last);
    const heard = await supabase.sql`select id from heard`;
    expect(heard.map((row) => row["id"]).toSorted()).toEqual(
      [settledNative.id, free.id, failed.id, last.id].toSorted(),
    );
    await supabase.sql.unsafe(source);
    await supabase.sql`drop table heard`;
  });
});

describe("a native turn that was found interrupted", () => {
  test("has given its unit back; its real end, should it come after all, takes it again, once", async () => {
    const { turn, sessionId } = await begin({ sessionId: (await begin()).sessionId }, key);
    const found = interruptedRow(startedRow({ ...turn, settleSecret: turn.settleSecret }, 1_000));
    await ledger.record([found]);
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "interrupted", delivered: false });
    expect(await used()).toBe(1);
    const end = settled(turn, { costUsd: 0.5 });
    await ledger.record([found, end]);
    await ledger.record([end, found, settled(turn, { ...nothing, costUsd: 9 })]);
    expect(await rowOf(turn.requestId)).toMatchObject({
      status: "completed",
      delivered: true,
      cost_usd: "0.5",
    });
    expect(await used()).toBe(2);
    expect(await messagesOf(sessionId)).toEqual(["question", "answer"]);
    expect(await spent()).toBe(0.5);
  });

  test("gives way to the end of a shutdown, which knows what was called, once", async () => {
    const { turn } = await begin({ sessionId: (await begin()).sessionId }, key);
    const found = interruptedRow(startedRow({ ...turn, settleSecret: turn.settleSecret }, 1_000));
    await ledger.record([found]);
    await ledger.record([{ ...settled(turn, { costUsd: 0.5 }), status: "interrupted" }]);
    await ledger.record([found, { ...settled(turn, { costUsd: 9 }), status: "interrupted" }]);
    expect(await rowOf(turn.requestId)).toMatchObject({
      status: "interrupted",
      delivered: true,
      cost_usd: "0.5",
    });
    expect(await used()).toBe(2);
    expect(await spent()).toBe(0.5);
  });

  test("gives way to nobody who does not know its secret", async () => {
    const { turn } = await begin();
    const start = startedRow(turn, 1_000);
    await ledger.record([interruptedRow(start)]);
    const { settleSecret: _, ...without } = settled(turn);
    expect(await ledger.record([without])).toEqual([]);
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "interrupted", delivered: false });
  });
});

describe("the tool calls of a native turn", () => {
  const calls = [
    aToolCall(),
    aToolCall({
      backend: "weather",
      status: "timeout",
      latencyMs: 6_000,
      meta: { call: 2, tool: "weather" },
    }),
  ];
  const eventsOf = async (id: string) => [
    ...(await supabase.sql`
      select event_type, user_id, model_id, backend, key_index, status, latency_ms, tokens_out, meta
      from ai_events where request_id = ${id} order by event_type, meta ->> 'call'`),
  ];
  const toolEvent = ({ backend, status, latencyMs, meta }: (typeof calls)[number]) => ({
    ...{ event_type: "tool", user_id: user.userId, model_id: null, backend, key_index: null, status },
    ...{ latency_ms: latencyMs, tokens_out: null, meta },
  });

  test("are events beside its attempts, one each, also if it comes twice", async () => {
    const [first, other] = [await begin(), await begin()];
    const row = { ...settled(first.turn), toolCalls: calls };
    expect(await ledger.record([row, settled(other.turn), row])).toEqual([]);
    await ledger.record([row]);
    expect(await eventsOf(first.turn.requestId)).toEqual([
      expect.objectContaining({ event_type: "attempt", backend: "groq" }),
      ...calls.map(toolEvent),
    ]);
    expect(await eventsOf(other.turn.requestId)).toHaveLength(1);
  });

  test("are stored without a service role, with the secret alone", async () => {
    const { url, publishableKey } = supabase;
    const anonymous = createSupabaseLedgerStore({ clients: createSupabaseClients({ url, publishableKey }) });
    const { turn } = await begin();
    expect(await anonymous.record([{ ...settled(turn), toolCalls: calls }])).toEqual([]);
    expect((await eventsOf(turn.requestId)).slice(1)).toEqual(calls.map(toolEvent));
  });

  test.each([
    ["failed", nothing],
    ["was left", { ...nothing, status: "cancelled" }],
  ] as const)("are stored of one that %s", async (_, changes) => {
    const { turn } = await begin();
    await ledger.record([{ ...settled(turn, changes), attempts: [], toolCalls: calls }]);
    expect(await eventsOf(turn.requestId)).toEqual(calls.map(toolEvent));
  });

  test("are stored of one whose process died, once, also if its real end comes after all", async () => {
    const { turn } = await begin();
    const found = { ...interruptedRow(startedRow(turn, 1_000)), toolCalls: calls.slice(0, 1) };
    await ledger.record([found]);
    expect(await eventsOf(turn.requestId)).toEqual(calls.slice(0, 1).map(toolEvent));
    await ledger.record([found, { ...settled(turn), toolCalls: calls }]);
    expect((await eventsOf(turn.requestId)).map((event) => event["event_type"])).toEqual(["attempt", "tool"]);
  });

  test("are those of its real end, if both come at once", async () => {
    const { turn } = await begin();
    const found = { ...interruptedRow(startedRow(turn, 1_000)), toolCalls: calls.slice(0, 1) };
    await ledger.record([found, { ...settled(turn), toolCalls: calls }]);
    expect((await eventsOf(turn.requestId)).slice(1)).toEqual(calls.map(toolEvent));
  });

  test("that no table takes cost their turn its events, and never its cost", async () => {
    const { turn } = await begin({}, key);
    const broken = [aToolCall({ meta: { text: "x".repeat(10_000) } })];
    const row = { ...settled(turn, { costUsd: 0.5 }), toolCalls: broken };
    expect(await ledger.record([row])).toMatchObject([{ requestId: turn.requestId, code: "rejected" }]);
    const reduced = rowWithoutContent(row);
    expect(reduced === undefined ? [] : await ledger.record([reduced])).toEqual([]);
    expect(await rowOf(turn.requestId)).toMatchObject({ status: "completed", cost_usd: "0.5" });
  });
});

test("whoever settles a turn by its secret alone names no key, and changes no other turn", async () => {
  const { url, publishableKey } = supabase;
  const anonymous = createSupabaseClients({ url, publishableKey });
  const { turn } = await begin();
  const row = { ...settled(turn, { costUsd: 0.5 }), keyId: key.keyId };
  expect(await createSupabaseLedgerStore({ clients: anonymous }).record([row])).toEqual([]);
  expect(await rowOf(turn.requestId)).toMatchObject({ key_id: null, recorded_by: "user", cost_usd: "0.5" });
  expect(await spent()).toBe(0);
  const made = { id: randomUUID(), tier: "smart", started_at: 1, status: "completed", delivered: true };
  const { error } = await anonymous.asAnonymous().rpc("settle_turn", { p_turn: made });
  expect(error?.code).toBe("PT404");
  expect(await rowOf(made.id)).toBeUndefined();
});

test("without a service role many native turns end together, and the gateway's own cannot", async () => {
  const { url, publishableKey } = supabase;
  const anonymous = createSupabaseLedgerStore({ clients: createSupabaseClients({ url, publishableKey }) });
  const begun = await Promise.all(Array.from({ length: 12 }, () => begin()));
  const own = ledgerRow(aLedgerEntry());
  const rows = begun.map(({ turn }) => settled(turn));
  expect(await anonymous.record([own, ...rows, settled(aTurn(user.caller))])).toMatchObject([
    { requestId: own.requestId, code: "rejected" },
    { code: "not_found" },
  ]);
  for (const { turn } of begun) expect(await rowOf(turn.requestId)).toMatchObject({ status: "completed" });
});

test("batches of two processes and turns that begin do not deadlock, and every count is exact", async () => {
  const sessions = await Promise.all([1, 2, 3].map(() => begin({}, key)));
  await ledger.record(sessions.map(({ turn }) => settled(turn, { costUsd: 0 })));
  const count = 60;
  const begun = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      // Some in conversations of their own: they are removed, or push others out.
      begin({ sessionId: index % 4 === 3 ? undefined : sessions[index % 3]?.sessionId }, key),
    ),
  );
  const rows = begun.map(({ turn }, index) =>
    settled(turn, index % 2 === 0 ? { costUsd: 0.5 } : { ...nothing, costUsd: 0.25 }),
  );
  const others = Array.from({ length: count }, () =>
    ledgerRow(aLedgerEntry({ caller: key, costUsd: 0.125 })),
  );
  const mixed = rows.flatMap((row, index) => [row, others[index] ?? row]);
  const parts = Array.from({ length: 6 }, (_, part) => mixed.filter((_row, index) => index % 6 === part));
  const all = [...parts, ...parts.map((part) => part.toReversed()), mixed.toReversed()];
  const [answers, late] = await Promise.all([
    Promise.all(all.map((part) => ledger.record(part))),
    Promise.all(Array.from({ length: 20 }, () => begin({}, key))),
  ]);
  expect(answers.flat()).toEqual([]);
  await ledger.record(late.map(({ turn }) => emptyRow(startedRow(turn, 1_000), "failed")));
  expect(await used()).toBe(3 + count / 2);
  expect(await spent()).toBe((count / 2) * 0.75 + count * 0.125);
  const [row] = await supabase.sql`
    select count(*)::int as rows, count(*) filter (where status = 'started')::int as started
    from ai_chat_usage where user_id = ${user.userId}`;
  expect(row).toEqual({ rows: 3 + 2 * count + 20, started: 0 });
  const said = await Promise.all(sessions.map(({ sessionId }) => messagesOf(sessionId)));
  const inSessions = rows.filter((one, index) => one.deliveredContent && index % 4 !== 3).length;
  expect(said.flat()).toHaveLength(2 * (3 + inSessions));
}, 60_000);
