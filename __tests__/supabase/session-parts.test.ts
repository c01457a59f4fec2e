import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aTurn, type BothStores, settled, turnStores } from "../support/turns.ts";

const MAX_OWN_MESSAGES = 32;
const MAX_OWN_BYTES = 65_536;

let supabase: TestSupabase;
let store: BothStores;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = turnStores({ clients: supabase.clients, now: Date.now, beginTimeoutMs: 60_000 });
  other = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
});

const messagesOf = (count: number, characters = 10): StoredMessage[] =>
  Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: `${index} `.padEnd(characters, "x"),
  }));

/** A session with these messages as gateways before 016 have stored it: all in its own row. */
async function anOldSession(messages: StoredMessage[]): Promise<string> {
  const id = randomUUID();
  const row = { id, user_id: user.userId, messages: supabase.sql.json(messages) };
  await supabase.sql`insert into public.ai_chat_sessions ${supabase.sql(row)}`;
  return id;
}

async function turn(sessionId: string | undefined, userMessage: string, assistantMessage = "answer") {
  const one = aTurn(user.caller, { sessionId, dailyLimit: 100_000 });
  const begun = await store.begin(one);
  await store.settle(settled(one, { userMessage, assistantMessage }));
  return begun;
}

async function complete(id: string): Promise<StoredMessage[]> {
  const [row] = await supabase.sql<{ messages: StoredMessage[] }[]>`
    select messages from public.ai_complete_sessions where id = ${id}`;
  return row?.messages ?? [];
}

/** What is in the session's own row, and how that and its parts agree. */
async function shapeOf(id: string) {
  const [row] = await supabase.sql`
    select jsonb_array_length(session.messages) as own,
      pg_column_size(session.messages || '[]') as bytes,
      part_messages, part_characters::int,
      (select count(*)::int from public.ai_session_parts where session_id = session.id) as parts,
      (select coalesce(sum(jsonb_array_length(messages)), 0)::int from public.ai_session_parts
        where session_id = session.id) as counted,
      (select coalesce(sum(public.ai_characters(messages)), 0)::int from public.ai_session_parts
        where session_id = session.id) as characters,
      (select bool_and(message_count = jsonb_array_length(messages) and characters = public.ai_characters(messages))
        from public.ai_session_parts where session_id = session.id) as agree
    from public.ai_chat_sessions session where id = ${id}`;
  return row ?? {};
}

function expectPacked(shape: Awaited<ReturnType<typeof shapeOf>>): void {
  expect(shape["own"]).toBeLessThanOrEqual(MAX_OWN_MESSAGES);
  // The newest turn stays, however long it is.
  if (shape["own"] > 2) expect(shape["bytes"]).toBeLessThanOrEqual(MAX_OWN_BYTES);
  expect(shape["part_messages"]).toBe(shape["counted"]);
  expect(shape["part_characters"]).toBe(shape["characters"]);
  expect(shape["agree"]).not.toBe(false);
}

describe("the messages of a session", () => {
  test("are complete and in order, however many turns it had", async () => {
    const expected: string[] = [];
    let sessionId: string | undefined;
    for (let n = 0; n < 60; n++) {
      const begun = await turn(
        sessionId,
        `question ${n}`,
        `answer ${n} ${"é".repeat(n % 7 === 0 ? 9_000 : 3)}`,
      );
      sessionId = begun.sessionId;
      expect(begun.messages.map(({ content }) => content.slice(0, 12))).toEqual(expected);
      expected.push(`question ${n}`, `answer ${n} é`.padEnd(12, "é").slice(0, 12));
      expectPacked(await shapeOf(sessionId));
    }
    const stored = await complete(sessionId ?? "");
    expect(stored.map(({ content }) => content.slice(0, 12))).toEqual(expected);
    expect((await shapeOf(sessionId ?? ""))["parts"]).toBeGreaterThan(1);
  }, 60_000);

  test.each([
    ["many short messages", messagesOf(1_500)],
    ["few long ones", messagesOf(9, 100_000)],
    ["one that is longer than a part", [...messagesOf(3), ...messagesOf(1, 390_000), ...messagesOf(40)]],
  ])("of before 016 move with the next turn, and none is lost: %s", async (_, messages) => {
    const sessionId = await anOldSession(messages);
    expect(await complete(sessionId)).toEqual(messages);
    await turn(sessionId, "next");
    expect(await complete(sessionId)).toEqual([
      ...messages,
      { role: "user", content: "next" },
      { role: "assistant", content: "answer" },
    ]);
    expectPacked(await shapeOf(sessionId));
    await turn(sessionId, "and one more");
    expect(await complete(sessionId)).toHaveLength(messages.length + 4);
  });

  test("stay within 2,000, to the message, turn after turn", async () => {
    const sessionId = await anOldSession(messagesOf(1_990));
    for (let n = 0; n < 25; n++) await turn(sessionId, `question ${n}`, `answer ${n}`);
    const stored = await complete(sessionId);
    expect(stored).toHaveLength(2_000);
    expect(stored[0]?.content).toBe("40 xxxxxxx");
    expect(stored.at(-1)?.content).toBe("answer 24");
    expectPacked(await shapeOf(sessionId));
  }, 60_000);

  test("stay within 1,000,000 characters, the newest ones that fit", async () => {
    const sessionId = await anOldSession(messagesOf(98, 10_000));
    for (let n = 0; n < 12; n++) await turn(sessionId, "q".repeat(3_000), "a".repeat(27_000));
    const stored = await complete(sessionId);
    const characters = stored.reduce((sum, { content }) => sum + content.length, 0);
    expect(characters).toBeLessThanOrEqual(1_000_000);
    expect(characters).toBeGreaterThan(990_000);
    expect(stored.slice(0, 64)).toEqual(messagesOf(98, 10_000).slice(34));
    expectPacked(await shapeOf(sessionId));
  }, 60_000);

  test("of many turns that end at once are all there, through parts", async () => {
    const { sessionId } = await turn(undefined, "first");
    const turns = Array.from({ length: 60 }, () => aTurn(user.caller, { sessionId }));
    await Promise.all(turns.map((one) => store.begin(one)));
    await Promise.all(
      turns.map((one, n) => store.settle(settled(one, { userMessage: `q${n}`, assistantMessage: `a${n}` }))),
    );
    const stored = (await complete(sessionId)).map(({ content }) => content);
    expect(stored).toHaveLength(122);
    for (let n = 0; n < 60; n++) expect(stored[stored.indexOf(`q${n}`) + 1]).toBe(`a${n}`);
    expectPacked(await shapeOf(sessionId));
  }, 60_000);

  test("of long turns that end in one batch are the newest that fit, with no gap before them", async () => {
    const sessionId = await anOldSession(messagesOf(60));
    await turn(sessionId, "next");
    expect((await shapeOf(sessionId))["parts"]).toBeGreaterThan(0);
    const sizes = [10, 300_000, 310_000, 320_000, 350_000];
    const turns = sizes.map(() => aTurn(user.caller, { sessionId }));
    for (const one of turns) await store.begin(one);
    const ends = turns.map((one, n) =>
      settled(one, { userMessage: `q${n}`, assistantMessage: `a${n}`.padEnd(sizes[n] ?? 0, "x") }),
    );
    expect(await createSupabaseLedgerStore({ clients: supabase.clients }).record(ends)).toEqual([]);
    const stored = (await complete(sessionId)).map(({ content }) => content.slice(0, 2));
    expect(stored).toEqual(["q2", "a2", "q3", "a3", "q4", "a4"]);
    expectPacked(await shapeOf(sessionId));
  });

  test("are read whole while others are written: none is missing, none is there twice", async () => {
    const { sessionId } = await turn(undefined, "q0", "a0");
    let written = 1;
    const write = async (): Promise<void> => {
      for (; written < 60; written++) await turn(sessionId, `q${written}`, `a${written}`);
    };
    const read = async (): Promise<void> => {
      while (written < 60) {
        const reading = aTurn(user.caller, { sessionId, dailyLimit: 100_000 });
        const { messages } = await store.begin(reading);
        const order = messages
          .filter(({ role }) => role === "user")
          .map(({ content }) => Number(content.slice(1)));
        expect(order).toEqual(order.map((__, index) => index));
        await store.settle(settled(reading, { deliveredContent: false, status: "failed" }));
      }
    };
    await Promise.all([write(), read(), read()]);
  }, 60_000);

  test("cost the same to append to, at message 5 as at message 1,900", async () => {
    const costs: Record<number, number> = {};
    for (const before of [5, 50, 500, 1_900]) {
      const sessionId = await anOldSession(messagesOf(before, 400));
      await turn(sessionId, "packs it");
      // Of so many turns some move messages into a part, and the others do not.
      const times: number[] = [];
      for (let n = 0; n < 24; n++) {
        const one = aTurn(user.caller, { sessionId, dailyLimit: 100_000 });
        await store.begin(one);
        const start = performance.now();
        await store.settle(settled(one, { userMessage: "u".repeat(200), assistantMessage: "a".repeat(600) }));
        times.push(performance.now() - start);
      }
      costs[before] = times.sort((a, b) => a - b)[12] ?? 0;
    }
    process.stdout.write(`append, median ms by messages before: ${JSON.stringify(costs)}\n`);
    // Rewriting the whole column took 6 times as long at 1,900 as at 5; slack for a machine under load.
    expect(costs[1_900]).toBeLessThan(4 * (costs[5] ?? 0) + 5);
    expect(costs[500]).toBeLessThan(4 * (costs[5] ?? 0) + 5);
  }, 120_000);
});

describe("whoever reads sessions through the database's API", () => {
  test("sees their own messages, of all parts, and nobody else's", async () => {
    const sessionId = await anOldSession(messagesOf(100));
    await turn(sessionId, "next");
    const seen = async (client = supabase.clients.asUser(user.accessToken)) => [
      (await client.from("ai_complete_sessions").select("messages").eq("id", sessionId)).data,
      (await client.from("ai_session_parts").select("number").eq("session_id", sessionId)).data?.length,
    ];
    expect(await seen()).toEqual([[{ messages: await complete(sessionId) }], 2]);
    expect(await seen(supabase.clients.asUser(other.accessToken))).toEqual([[], 0]);
    const nobody = await supabase.clients.asAnonymous().from("ai_complete_sessions").select("id");
    expect(nobody.error?.code).toBe("42501");
  });

  test("writes neither the view nor the columns that count parts", async () => {
    const { sessionId } = await turn(undefined, "Hi");
    for (const client of [supabase.clients.asUser(user.accessToken), supabase.clients.asService()]) {
      for (const [table, change] of [
        ["ai_complete_sessions", { title: "forged" }],
        ["ai_chat_sessions", { part_messages: 0 }],
        ["ai_chat_sessions", { part_characters: 0 }],
      ] as const) {
        expect((await client.from(table).update(change).eq("id", sessionId)).error?.code).toBe("42501");
      }
    }
  });

  test("takes all parts with a session that they delete", async () => {
    const sessionId = await anOldSession(messagesOf(100));
    await turn(sessionId, "next");
    await supabase.clients.asUser(user.accessToken).from("ai_chat_sessions").delete().eq("id", sessionId);
    expect(await supabase.sql`select 1 from public.ai_session_parts where session_id = ${sessionId}`).toEqual(
      [],
    );
  });
});
