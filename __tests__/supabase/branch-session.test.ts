import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseSessionStore } from "#lib/adapters/supabase/session-store.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import type { SessionStore } from "#lib/services/sessions/session-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

let supabase: TestSupabase;
let store: SessionStore;
let user: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = createSupabaseSessionStore({ clients: supabase.clients, timeoutMs: 60_000 });
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

async function aSession(messages: StoredMessage[]): Promise<string> {
  const id = randomUUID();
  const row = {
    id,
    user_id: user.userId,
    title: "Origin",
    messages: supabase.sql.json(messages),
    last_mode: "coder",
  };
  await supabase.sql`insert into public.ai_chat_sessions ${supabase.sql(row)}`;
  return id;
}

/** The session gets files with these names, each a minute younger than the one before. */
async function addFiles(sessionId: string, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    await supabase.sql`
      insert into public.ai_attachments (user_id, session_id, name, type, bytes, digest, content, created_at) values (
        ${user.userId}, ${sessionId}, ${name}, 'image', 1, encode(sha256(${name}::bytea), 'hex'), 'AAAA',
        now() + ${index} * interval '1 minute'
      )`;
  }
}

const filesOf = async (sessionId: string): Promise<unknown[]> =>
  (
    await supabase.sql`select name from public.ai_attachments where session_id = ${sessionId} order by name`
  ).map((row) => row["name"]);

async function branch(id: string, messages: number): Promise<string> {
  const made = await store.branch(user.caller, { id, messages }, undefined);
  return made?.id ?? "";
}

describe("a branch", () => {
  test.each([1, 2, 31, 32, 33, 64, 65, 199, 200, 500])(
    "has the first %i messages, and its own row is as short as every session's",
    async (count) => {
      const all = messagesOf(200);
      const from = await aSession(all);
      // As turns leave it: in parts.
      await supabase.sql`select public.ai_pack_session(${from})`;
      const id = await branch(from, count);
      expect((await store.find(user.caller, id))?.messages).toEqual(all.slice(0, count));
      expect((await store.find(user.caller, from))?.messages).toEqual(all);
      const [row] = await supabase.sql`
        select title, last_mode, jsonb_array_length(messages) as own, part_messages,
          (select coalesce(sum(message_count), 0)::int from public.ai_session_parts where session_id = ${id}) as counted
        from public.ai_chat_sessions where id = ${id}`;
      expect(row).toMatchObject({ title: "Origin", last_mode: "coder", part_messages: row?.["counted"] });
      expect(row?.["own"]).toBeLessThanOrEqual(32);
    },
  );

  test("is the newest of the list, and pushes out the session that was not used for longest", async () => {
    const from = await aSession(messagesOf(2));
    for (let index = 0; index < 49; index++) await store.create(user.caller, `Other ${index}`);
    const made = await store.branch(user.caller, { id: from, messages: 2 }, "Named");
    const list = await store.list(user.caller);
    expect(list).toHaveLength(50);
    expect(list[0]).toEqual({ ...made, title: "Named" });
    expect(list.map(({ id }) => id)).not.toContain(from);
  });

  test("has copies of the files, and the session keeps its own", async () => {
    const from = await aSession(messagesOf(4));
    await addFiles(from, ["a.png", "b.png"]);
    const id = await branch(from, 2);
    expect([await filesOf(id), await filesOf(from)]).toEqual([
      ["a.png", "b.png"],
      ["a.png", "b.png"],
    ]);
    await store.remove(user.caller, from);
    expect(await filesOf(id)).toEqual(["a.png", "b.png"]);
  });

  test("leaves out the oldest files that there is no room for: nothing is pushed out", async () => {
    const from = await aSession(messagesOf(2));
    const names = Array.from({ length: 120 }, (_, index) => `${String(index).padStart(3, "0")}.png`);
    await addFiles(from, names);
    const id = await branch(from, 2);
    expect(await filesOf(from)).toEqual(names);
    // A user keeps 200.
    expect(await filesOf(id)).toEqual(names.slice(40));
  });

  test("of a session that is not there, or somebody else's, is none", async () => {
    const from = await aSession(messagesOf(2));
    const other = await supabase.signUp();
    for (const [caller, id] of [
      [other.caller, from],
      [user.caller, randomUUID()],
    ] as const) {
      expect(await store.branch(caller, { id, messages: 2 }, undefined)).toBeUndefined();
    }
    expect(await store.list(other.caller)).toEqual([]);
  });

  test("is made for nobody else by a user", async () => {
    const from = await aSession(messagesOf(2));
    const other = await supabase.signUp();
    const caller = { ...other.caller, userId: user.userId };
    await expect(store.branch(caller, { id: from, messages: 2 }, undefined)).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
