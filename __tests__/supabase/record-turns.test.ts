import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { LedgerStore } from "#lib/services/ledger/ledger-ports.ts";
import { interruptedRow } from "#lib/services/ledger/ledger-row.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aLedgerEntry, type LedgerEntry, ledgerRow, startedRow } from "../support/turns.ts";

let supabase: TestSupabase;
let store: LedgerStore;
let user: TestUser;
let key: Extract<Caller, { kind: "key" }>;

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = createSupabaseLedgerStore({ clients: supabase.clients });
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  await supabase.sql`delete from ai_events`;
  await supabase.sql`delete from ai_chat_usage`;
  user = await supabase.signUp();
  const [made] = await supabase.sql<{ id: string }[]>`
    insert into gateway_keys (user_id, name, key_hash, prefix)
    values (${user.userId}, 'k', encode(sha256(convert_to(${randomUUID()}, 'UTF8')), 'hex'), 'sk-sarmalink-')
    returning id`;
  key = { kind: "key", userId: user.userId, keyId: made?.id ?? "", limits: {} };
});

const record = (...entries: LedgerEntry[]) => store.record(entries.map(ledgerRow));
const turns = () => supabase.sql`select * from ai_chat_usage order by created_at, id`;
const events = () => supabase.sql`select * from ai_events`;
const spend = () =>
  supabase.sql<{ month: string; usd: string }[]>`
    select month::text, usd::float8::text as usd from gateway_key_spend
    where key_id = ${key.keyId} order by month`;

test("a turn is stored as it was, and closed", async () => {
  const startedAt = Date.parse("2026-03-04T23:59:59.500Z");
  const entry = aLedgerEntry({ caller: key, startedAt, tier: "named" });
  expect(await record(entry)).toEqual([]);
  expect(await turns()).toMatchObject([
    {
      id: entry.requestId,
      user_id: user.userId,
      key_id: key.keyId,
      session_id: null,
      tier: "named",
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
      created_at: new Date(startedAt),
      settled_at: expect.any(Date),
    },
  ]);
  const [day] = await supabase.sql`select quota_day::text from ai_chat_usage`;
  expect(day?.["quota_day"]).toBe("2026-03-04");
  expect(await events()).toMatchObject([
    {
      request_id: entry.requestId,
      user_id: user.userId,
      event_type: "attempt",
      model_id: "llama-3.3-70b-versatile",
      backend: "groq",
      key_index: 0,
      status: "ok",
      latency_ms: 123,
      tokens_out: 7,
      meta: { attempt: 1 },
    },
  ]);
  expect(await spend()).toEqual([{ month: "2026-03-01", usd: "0.00012" }]);
});

test("users, open callers and unknown costs have their form", async () => {
  await record(
    aLedgerEntry({ caller: user.caller, startedAt: 1_000 }),
    aLedgerEntry({ startedAt: 2_000, costUsd: null, model: null, backend: null, attempts: [] }),
  );
  expect(await turns()).toMatchObject([
    { user_id: user.userId, key_id: null },
    { user_id: null, key_id: null, cost_usd: null, model: null },
  ]);
  expect(await events()).toHaveLength(1);
  expect(await spend()).toEqual([]);
});

describe("storing is idempotent", () => {
  test("a batch sent twice, at once and again, counts once", async () => {
    const entries = Array.from({ length: 20 }, () => aLedgerEntry({ caller: key, costUsd: 0.5 }));
    await Promise.all([record(...entries), record(...entries.toReversed())]);
    await record(...entries);
    expect(await turns()).toHaveLength(20);
    expect(await events()).toHaveLength(20);
    expect((await spend())[0]?.usd).toBe("10");
  });

  test("a turn that is twice in a batch counts once, as what it ended as", async () => {
    const entry = aLedgerEntry({ caller: key, costUsd: 0.5 });
    await record({ ...entry, status: "interrupted", costUsd: null }, entry, entry);
    expect(await turns()).toMatchObject([{ status: "completed" }]);
    expect(await events()).toHaveLength(1);
    expect((await spend())[0]?.usd).toBe("0.5");
  });
});

test("a turn that was found interrupted gives way to its real end, once", async () => {
  const entry = aLedgerEntry({ caller: key, costUsd: 0.5 });
  const found = interruptedRow(startedRow(entry));
  await store.record([found]);
  expect(await turns()).toMatchObject([{ status: "interrupted", cost_usd: null }]);
  await record(entry);
  await store.record([found, ledgerRow({ ...entry, status: "failed", costUsd: 9 })]);
  expect(await turns()).toMatchObject([
    { status: "completed", cost_usd: "0.5", model: entry.model, prompt_tokens: "11", usage_source: "exact" },
  ]);
  expect(await events()).toHaveLength(1);
  expect((await spend())[0]?.usd).toBe("0.5");
});

test("a turn that was found interrupted gives way to the end of a shutdown, which knows what was called, once", async () => {
  const entry = aLedgerEntry({ caller: key, costUsd: 0.5 });
  const found = interruptedRow(startedRow(entry));
  await store.record([found]);
  await record({ ...entry, status: "interrupted" });
  await store.record([found]);
  await record({ ...entry, status: "interrupted", costUsd: 9 });
  expect(await turns()).toMatchObject([{ status: "interrupted", cost_usd: "0.5", model: entry.model }]);
  expect(await events()).toHaveLength(1);
  expect((await spend())[0]?.usd).toBe("0.5");
});

test("costs go to the UTC month in which the turn began", async () => {
  await record(
    aLedgerEntry({ caller: key, costUsd: 1, startedAt: Date.parse("2026-01-31T23:59:59.999Z") }),
    aLedgerEntry({ caller: key, costUsd: 2, startedAt: Date.parse("2026-02-01T00:00:00.000Z") }),
    aLedgerEntry({ caller: key, costUsd: 4, startedAt: Date.parse("2026-02-28T12:00:00.000Z") }),
    aLedgerEntry({ caller: key, costUsd: 0, startedAt: Date.parse("2026-03-01T12:00:00.000Z") }),
  );
  expect(await spend()).toEqual([
    { month: "2026-01-01", usd: "1" },
    { month: "2026-02-01", usd: "6" },
  ]);
});

describe("one bad turn does not cost the others theirs", () => {
  test("refused ones are told with their reasons", async () => {
    const good = [aLedgerEntry({ caller: key, costUsd: 1 }), aLedgerEntry(), aLedgerEntry({ caller: key })];
    const bad = [
      aLedgerEntry({ promptTokens: -1 }),
      aLedgerEntry({ tier: "" }),
      aLedgerEntry({ costUsd: -1 }),
      aLedgerEntry({ promptTokens: 1e30 }),
      aLedgerEntry({ startedAt: 1e30 }),
    ];
    const refused = await record(...good.slice(0, 1), ...bad, ...good.slice(1));
    expect(refused).toEqual(
      bad.map(({ requestId }) => ({
        requestId,
        code: "rejected",
        reason: expect.stringMatching(/\w/),
      })),
    );
    expect((await turns()).map((row) => row["id"]).sort()).toEqual(
      good.map(({ requestId }) => requestId).sort(),
    );
    expect((await spend())[0]?.usd).toBe("1.00012");
  });

  test("a turn of a user who was deleted meanwhile is kept as nobody's", async () => {
    const gone = await supabase.signUp();
    await supabase.sql`delete from auth.users where id = ${gone.userId}`;
    const lost = { kind: "key", userId: gone.userId, keyId: randomUUID(), limits: {} } as const;
    const entries = [
      aLedgerEntry({ caller: gone.caller, startedAt: 1_000 }),
      aLedgerEntry({ caller: lost, startedAt: 2_000 }),
      aLedgerEntry({ caller: key, startedAt: 3_000 }),
    ];
    expect(await record(...entries)).toEqual([]);
    expect(await turns()).toMatchObject([
      { user_id: null, key_id: null },
      { user_id: null, key_id: lost.keyId },
      { user_id: user.userId, key_id: key.keyId },
    ]);
    expect(await events()).toHaveLength(3);
  });

  test("what is no turn at all is refused as well", async () => {
    const send = async (turns: unknown) =>
      (await supabase.clients.asService().rpc("record_turns", { p_turns: turns })).data;
    expect(await send([1, null, "x", {}, { id: "x" }])).toMatchObject({
      stored: 0,
      refused: [{ id: null }, { id: null }, { id: null }, { id: null }, { id: "x" }],
    });
    expect(await send([])).toEqual({ stored: 0, refused: [] });
    const { error } = await supabase.clients.asService().rpc("record_turns", { p_turns: { a: 1 } });
    expect(error?.code).toBe("22023");
  });
});

test("what Postgres cannot store in a text is made storable", async () => {
  const attempt = { ...aLedgerEntry().attempts[0], meta: { reason: "a\u0000b\ud800" } };
  const attempts = [attempt] as LedgerEntry["attempts"];
  expect(await record(aLedgerEntry({ model: "m\u0000", attempts }))).toEqual([]);
  expect(await turns()).toMatchObject([{ model: "m\ufffd" }]);
  expect(await events()).toMatchObject([{ meta: { reason: "a\ufffdb\ufffd" } }]);
});

test("nobody settles such a turn, and nobody begins it again", async () => {
  const entry = aLedgerEntry({ caller: key });
  await record(entry);
  const owner = supabase.clients.asUser(user.accessToken);
  const guess = { id: entry.requestId, settle_secret: "x", status: "failed", delivered: false };
  const settled = await owner.rpc("settle_turn", { p_turn: guess });
  const begun = await owner.rpc("begin_turn", {
    p_request_id: entry.requestId,
    p_settle_hash: "ab".repeat(32),
    p_tier: "smart",
    p_daily_limit: 5,
  });
  expect([settled.error?.code, begun.error?.code]).toEqual(["PT403", "PT409"]);
});

test("five hundred turns are one quick call", async () => {
  const entries = Array.from({ length: 500 }, () => aLedgerEntry({ caller: key }));
  const from = performance.now();
  expect(await record(...entries)).toEqual([]);
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(await turns()).toHaveLength(500);
});

test("without its function the ledger says so, and away is away", async () => {
  const broken = createSupabaseLedgerStore({
    clients: { ...supabase.clients, asService: () => supabase.clients.asAnonymous() },
  });
  await expect(broken.record([ledgerRow(aLedgerEntry())])).rejects.toThrow();
  const slow = createSupabaseLedgerStore({ clients: supabase.clients, timeoutMs: 0 });
  // So many that no database has stored them within the time-out.
  const many = Array.from({ length: 1_000 }, () => ledgerRow(aLedgerEntry()));
  await expect(slow.record(many)).rejects.toMatchObject({ code: "database_unavailable" });
});
