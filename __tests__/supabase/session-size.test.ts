import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aTurn, type BothStores, settled, turnStores } from "../support/turns.ts";

const MAX_SESSION = 1_000_000;
const MAX_MESSAGE = 400_000;
const MAX_LOADED = 150_000;
const MAX_MESSAGES = 2_000;

let supabase: TestSupabase;
let user: TestUser;
let stores: Record<"service" | "user", BothStores>;

beforeAll(async () => {
  supabase = await startTestSupabase();
  const { url, publishableKey, clients } = supabase;
  stores = {
    service: turnStores({ clients, now: Date.now }),
    user: turnStores({ clients: createSupabaseClients({ url, publishableKey }), now: Date.now }),
  };
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  user = await supabase.signUp();
});

async function saved(id: string): Promise<StoredMessage[]> {
  const [row] = await supabase.sql<{ messages: StoredMessage[] }[]>`
    select messages from ai_complete_sessions where id = ${id}`;
  return row?.messages ?? [];
}

/** A session that holds these messages, however it came to. */
async function aSession(messages: StoredMessage[]): Promise<string> {
  const id = randomUUID();
  await supabase.sql`insert into ai_chat_sessions ${supabase.sql({
    id,
    user_id: user.userId,
    messages: supabase.sql.json(messages),
  })}`;
  return id;
}

async function turn(
  sessionId: string | undefined,
  userMessage: string,
  assistantMessage: string,
  store: BothStores = stores.service,
): Promise<{ sessionId: string; loaded: StoredMessage[] }> {
  const one = aTurn(user.caller, { sessionId });
  const begun = await store.begin(one);
  await store.settle(settled(one, { userMessage, assistantMessage }));
  return { sessionId: begun.sessionId, loaded: begun.messages };
}

const length = (messages: StoredMessage[]): number =>
  messages.reduce((sum, { content }) => sum + [...content].length, 0);
const message = (content: string, role: StoredMessage["role"] = "user"): StoredMessage => ({ role, content });

describe.each(["service", "user"] as const)("a session, written by the %s", (who) => {
  test("keeps of an answer of five million characters the beginning, and says that it was cut", async () => {
    const { sessionId } = await turn(undefined, "Hi", "é".repeat(5_000_000), stores[who]);
    const [, answer] = await saved(sessionId);
    expect(answer?.content).toHaveLength(MAX_MESSAGE);
    expect(answer?.content).toMatch(/^é{399000}[\s\S]*too long to be stored\.\]$/);
  });

  test("of many long turns keeps the newest that make a million characters", async () => {
    let sessionId: string | undefined;
    for (let round = 0; round < 5; round++) {
      const done = await turn(sessionId, `question ${round}`, "x".repeat(300_000), stores[who]);
      sessionId = done.sessionId;
    }
    const messages = await saved(sessionId ?? "");
    expect(length(messages)).toBeLessThanOrEqual(MAX_SESSION);
    expect(messages.map(({ content }) => content.slice(0, 10))).toEqual([
      "question 2",
      "xxxxxxxxxx",
      "question 3",
      "xxxxxxxxxx",
      "question 4",
      "xxxxxxxxxx",
    ]);
  });
});

test("a session of sixteen megabytes is loaded in part, and trimmed by its next turn", async () => {
  const big = Array.from({ length: 16 }, (_, index) => message(`${index} ${"ü".repeat(1_000_000)}`));
  const sessionId = await aSession([...big, message("the last but one"), message("the last", "assistant")]);
  const { loaded } = await turn(sessionId, "next", "answer");
  expect(loaded.map(({ content }) => content)).toEqual(["the last but one", "the last"]);
  const kept = await saved(sessionId);
  expect(length(kept)).toBeLessThanOrEqual(MAX_SESSION);
  expect(kept.slice(-4).map(({ content }) => content)).toEqual([
    "the last but one",
    "the last",
    "next",
    "answer",
  ]);
  expect(kept.length).toBeGreaterThan(4);
});

test.each([
  ["one character too long", "é".repeat(MAX_LOADED + 1)],
  ["as long as a message may be", "👍".repeat(MAX_MESSAGE)],
  ["longer than a session keeps today", "x".repeat(3_000_000)],
])("of a newest message that is %s the end is loaded, and none before it", async (_, long) => {
  const content = `${long}, the end`;
  const sessionId = await aSession([message("before"), message(content, "assistant")]);
  const { loaded } = await turn(sessionId, "next", "answer");
  expect(loaded).toEqual([message([...content].slice(-MAX_LOADED).join(""), "assistant")]);
});

test("a newest message of just as much as is loaded is loaded whole, and none before it", async () => {
  const messages = [message("before"), message("x".repeat(MAX_LOADED), "assistant")];
  const { loaded } = await turn(await aSession(messages), "next", "answer");
  expect(loaded).toEqual(messages.slice(-1));
});

test("no more is loaded than an engine would read, and never less", async () => {
  const messages = Array.from({ length: 40 }, (_, index) => message(`${index} `.padEnd(10_000, "x")));
  const sessionId = await aSession(messages);
  const { loaded } = await turn(sessionId, "next", "answer");
  expect(length(loaded)).toBeLessThanOrEqual(MAX_LOADED);
  expect(length(loaded)).toBeGreaterThanOrEqual(100_000);
  expect(loaded).toEqual(messages.slice(-loaded.length));
});

test("of countless short messages the newest two thousand are kept", async () => {
  const sessionId = await aSession(Array.from({ length: 30_000 }, (_, index) => message(`${index}`)));
  await turn(sessionId, "next", "answer");
  const kept = await saved(sessionId);
  expect(kept).toHaveLength(MAX_MESSAGES);
  expect(kept.at(-1)?.content).toBe("answer");
  expect(kept[0]?.content).toBe(String(30_000 - MAX_MESSAGES + 2));
});

test("an ordinary session is kept and loaded whole", async () => {
  const messages = [message("a".repeat(40_000)), message("b".repeat(40_000), "assistant"), message("c")];
  const sessionId = await aSession(messages);
  const { loaded } = await turn(sessionId, "d", "e".repeat(200_000));
  expect(loaded).toEqual(messages);
  expect((await saved(sessionId)).map(({ content }) => content.length)).toEqual([
    40_000, 40_000, 1, 1, 200_000,
  ]);
});

test("characters are counted, not bytes, and none is cut in half", async () => {
  const { sessionId } = await turn(undefined, "Hi", "👍".repeat(500_000));
  const [, answer] = await saved(sessionId);
  const characters = [...(answer?.content ?? "")];
  expect(characters).toHaveLength(MAX_MESSAGE);
  expect(characters.slice(0, 399_000).every((one) => one === "👍")).toBe(true);
});

test("a user who settles without a gateway is bound as well", async () => {
  const client = supabase.clients.asUser(user.accessToken);
  const p_request_id = randomUUID();
  const p_settle_hash = createHash("sha256").update("s").digest("hex");
  const begun = await client.rpc("begin_turn", {
    p_request_id,
    p_settle_hash,
    p_tier: "smart",
    p_daily_limit: 1,
  });
  await client.rpc("settle_turn", {
    p_turn: {
      id: p_request_id,
      settle_secret: "s",
      status: "completed",
      delivered: true,
      user_message: "x".repeat(2_000_000),
      assistant_message: "y".repeat(2_000_000),
    },
  });
  const messages = await saved((begun.data as { session_id: string }).session_id);
  expect(messages.map(({ content }) => content.length)).toEqual([MAX_MESSAGE, MAX_MESSAGE]);
});
