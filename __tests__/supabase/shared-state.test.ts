import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseSharedStateStore } from "#lib/adapters/supabase/shared-state-store.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

let supabase: TestSupabase;
let user: TestUser;
const A = randomUUID();
const B = randomUUID();

beforeAll(async () => {
  supabase = await startTestSupabase();
  user = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  await supabase.sql`truncate ai_shared_health, ai_instances, ai_overrides`;
});

type Entry = Record<string, unknown>;
type Synced = {
  cursor: number;
  entries: Entry[];
  overrides?: { version: number; overrides: Entry[] };
  keys?: unknown;
};

async function call<Answer>(name: string, parameters: Record<string, unknown>): Promise<Answer> {
  const { data, error } = await supabase.clients.asService().rpc(name, parameters);
  if (error) throw new Error(`${name}: ${error.code} ${error.message}`);
  return data as Answer;
}
const sync = (instance: string, changes: Entry = {}): Promise<Synced> =>
  call("sync_instance", { p: { instance, leased: true, cursor: 0, entries: [], ...changes } });
const codeOf = async (name: string, parameters: Record<string, unknown>) =>
  (await supabase.clients.asService().rpc(name, parameters)).error?.code;

const cause = { kind: "rate_limited", reason: "slow down" };
const LIMIT = {
  level: "key_and_model",
  id: "chat:groq#0a0b0c0d/llama",
  forMs: 60_000,
  ageMs: 0,
  streak: 1,
  cause,
};
const aLimit = (changes: Entry = {}) => ({ ...LIMIT, ...changes });
/** A moment earlier, in milliseconds, give or take what calls take. */
const about = (milliseconds: number) => expect.closeTo(milliseconds, -4);

describe("what an instance says of its engines", () => {
  test("others are told once, with times counted from now; itself is not", async () => {
    await sync(A, { entries: [aLimit({ ageMs: 20_000 })] });
    const first = await sync(B);
    expect(first.entries).toEqual([{ ...LIMIT, forMs: about(60_000), ageMs: about(20_000) }]);
    expect((await sync(B, { cursor: first.cursor })).entries).toEqual([]);
    const own = await sync(A);
    expect([own.entries, own.cursor]).toEqual([[], first.cursor]);
  });

  const RULES: [string, Entry[], Entry[], Entry | undefined][] = [
    ["of two ends the later counts", [aLimit()], [aLimit({ forMs: 90_000 })], { forMs: about(90_000) }],
    ["an earlier end is no news", [aLimit()], [aLimit({ forMs: 30_000 })], undefined],
    ["nor is the same end", [aLimit()], [aLimit({ forMs: 60_200 })], undefined],
    [
      "an answer to a later call ends a bench",
      [aLimit({ ageMs: 5_000 })],
      [{ level: LIMIT.level, id: LIMIT.id, liftedMsAgo: 1_000 }],
      { liftedMsAgo: about(1_000) },
    ],
    [
      "one to an earlier call does not",
      [aLimit({ ageMs: 1_000 })],
      [{ level: LIMIT.level, id: LIMIT.id, liftedMsAgo: 5_000 }],
      undefined,
    ],
    [
      "what was lifted is benched again by what began later",
      [aLimit({ ageMs: 9_000 }), { level: LIMIT.level, id: LIMIT.id, liftedMsAgo: 5_000 }],
      [aLimit({ ageMs: 1_000, forMs: 10_000 })],
      { forMs: about(10_000) },
    ],
    [
      "and not by what began before",
      [aLimit({ ageMs: 9_000 }), { level: LIMIT.level, id: LIMIT.id, liftedMsAgo: 5_000 }],
      [aLimit({ ageMs: 7_000, forMs: 90_000 })],
      undefined,
    ],
    ["nothing ends what nobody has benched", [], [{ level: "key", id: "x", liftedMsAgo: 0 }], undefined],
  ];
  test.each(RULES)("%s", async (_, before, after, news) => {
    const third = randomUUID();
    await sync(A, { entries: before });
    const { cursor } = await sync(third);
    await sync(B, { entries: after });
    const { entries } = await sync(third, { cursor });
    expect(entries).toEqual(news === undefined ? [] : [expect.objectContaining({ id: LIMIT.id, ...news })]);
  });

  const NONSENSE: unknown[] = [
    null,
    7,
    "bench",
    [],
    {},
    aLimit({ level: "planet" }),
    aLimit({ level: undefined }),
    aLimit({ id: "" }),
    aLimit({ id: "x".repeat(401) }),
    aLimit({ forMs: "1" }),
    aLimit({ forMs: undefined }),
    aLimit({ ageMs: undefined }),
    aLimit({ cause: { reason: "x".repeat(9_000) } }),
  ];
  test.each(NONSENSE)("%j is left out, and its neighbours are kept", async (entry) => {
    await sync(A, { entries: [entry, aLimit({ id: "good" })] });
    expect((await sync(B)).entries).toEqual([expect.objectContaining({ id: "good" })]);
  });

  test("times beyond all bounds are cut", async () => {
    await sync(A, {
      entries: [aLimit({ forMs: 1e300, ageMs: 1e300 }), aLimit({ id: "b", forMs: -5, ageMs: -1 })],
    });
    expect((await sync(B)).entries).toEqual([
      expect.objectContaining({ forMs: about(3_600_000), ageMs: about(3_600_000) }),
    ]);
  });

  test("500 entries are read of one call, and 500 told at a time", async () => {
    const many = Array.from({ length: 600 }, (_, index) => aLimit({ id: `m${index}` }));
    await sync(A, { entries: many });
    await sync(A, { entries: many.slice(500) });
    const first = await sync(B);
    expect(first.entries.map(({ id }) => id)).toEqual(many.slice(0, 500).map(({ id }) => id));
    const rest = await sync(B, { cursor: first.cursor });
    expect(rest.entries).toHaveLength(100);
  });

  test("no more than 4,000 rows are kept", async () => {
    for (let batch = 0; batch < 9; batch++) {
      const entries = Array.from({ length: 500 }, (_, index) => aLimit({ id: `${batch}/${index}` }));
      await sync(A, { entries });
    }
    const [row] = await supabase.sql`select count(*)::int as rows, min(id) as oldest from ai_shared_health`;
    expect(row?.["rows"]).toBe(4_000);
  });

  test("no reader misses what others say at the same time", async () => {
    const seen = new Set<unknown>();
    let cursor = 0;
    let isOver = false;
    const reading = (async () => {
      for (let last = false; ; last = isOver) {
        const answer = await sync(B, { cursor });
        cursor = answer.cursor;
        for (const { id } of answer.entries) seen.add(id);
        if (last) return;
      }
    })();
    const instances = Array.from({ length: 8 }, () => randomUUID());
    await Promise.all(
      instances.map(async (instance, index) => {
        for (let round = 0; round < 15; round++)
          await sync(instance, { entries: [aLimit({ id: `${index}/${round}` })] });
      }),
    );
    isOver = true;
    await reading;
    expect(seen.size).toBe(8 * 15);
  });

  test("a cursor of another database, as after a restore, begins again", async () => {
    await sync(A, { entries: [aLimit()] });
    expect((await sync(B, { cursor: 1e12 })).entries).toHaveLength(1);
  });
});

test.each([
  ["a NUL", "\u0000"],
  ["half an emoji", "\ud83d"],
])("%s in a name or reason does not end the refresh", async (_, odd) => {
  const store = createSupabaseSharedStateStore({ clients: supabase.clients });
  const entry = {
    level: "model",
    id: `chat:groq/x${odd}`,
    forMs: 60_000,
    ageMs: 0,
    dead: true,
    cause: { kind: "rate_limited", reason: `slow ${odd}` },
  } as const;
  const { entries } = await store.sync(
    {
      ...{ instance: { id: A, host: "h", pid: 1, version: "1" }, isLeased: true, entries: [entry] },
      ...{ cursor: 0, overrideVersion: undefined, keyCursor: undefined },
    },
    AbortSignal.timeout(5_000),
  );
  expect(entries).toEqual([]);
  expect((await sync(B)).entries).toMatchObject([
    { id: "chat:groq/x\ufffd", cause: { reason: "slow \ufffd" } },
  ]);
});

describe("instances", () => {
  test("are seen: their row is written every 10 s, and not more often", async () => {
    await sync(A, { host: "h".repeat(300), pid: 42, version: "1.0.0" });
    const row = async () => (await supabase.sql`select *, xmin::text as written from ai_instances`)[0];
    const first = await row();
    expect(first).toMatchObject({ id: A, host: "h".repeat(100), pid: 42, version: "1.0.0" });
    await sync(A);
    expect(await row()).toEqual(first);
    await supabase.sql`update ai_instances set seen_at = now() - interval '11 seconds'`;
    await sync(A);
    const [{ age } = {}] =
      await supabase.sql`select extract(epoch from now() - seen_at)::float as age from ai_instances`;
    expect(age).toBeLessThan(5);
  });

  test("without a lease have no row", async () => {
    await sync(A, { leased: false });
    expect(await supabase.sql`select id from ai_instances`).toEqual([]);
  });

  test("are listed while their lease lasts", async () => {
    await sync(A);
    await supabase.sql`insert into ai_instances (id, seen_at) values (${B}, now() - interval '61 seconds')`;
    expect(await call("list_instances", {})).toEqual([expect.objectContaining({ id: A })]);
  });

  test("an idle call only reads", async () => {
    await sync(A);
    await sync(B, { entries: [aLimit()] });
    const p = supabase.sql.json({ instance: A, leased: true, cursor: 0, entries: [] });
    const [row] = await supabase.sql.begin(async (transaction) => {
      await transaction`select public.sync_instance(${p})`;
      return await transaction`select pg_current_xact_id_if_assigned() as written`;
    });
    expect(row).toEqual({ written: null });
  });

  test("what has run out is removed", async () => {
    await sync(B, { entries: [aLimit(), aLimit({ id: "breaker", level: "model_breaker" })] });
    await supabase.sql`update ai_shared_health set until_at = now() - interval '2 minutes' where id <> 'breaker'`;
    await supabase.sql`update ai_shared_health set until_at = now() - interval '30 seconds' where id = 'breaker'`;
    await supabase.sql`insert into ai_instances (id, seen_at) values (${randomUUID()}, now() - interval '2 days')`;
    await sync(A);
    expect(await supabase.sql`select id from ai_shared_health`).toEqual([{ id: "breaker" }]);
    expect(await supabase.sql`select id from ai_instances order by id`).toEqual(
      [A, B].sort().map((id) => ({ id })),
    );
  });
});

describe("changed gateway keys", () => {
  test("come along, and a database that cannot say which has changed is no failure", async () => {
    const { keys } = await sync(A);
    expect(keys).toEqual(expect.objectContaining({ cursor: expect.any(String), all: true }));
    const { cursor } = keys as { cursor: string };
    expect((await sync(A, { key_cursor: cursor })).keys).toEqual(
      expect.objectContaining({ ids: [], all: false }),
    );
    await supabase.sql`alter function public.gateway_keys_changed_since(text) rename to not_there`;
    expect((await sync(A, { key_cursor: cursor })).keys).toBeUndefined();
    await supabase.sql`alter function public.not_there(text) rename to gateway_keys_changed_since`;
  });
});

type Put = { id: string; created: boolean; version: number; overrides: Entry[] };
const put = (changes: Entry): Promise<Put> =>
  call("put_override", { p: { user_id: user.userId, ...changes } });
const OFF = { kind: "off", provider: "groq", model: "openai/gpt-oss-120b" };

describe("overrides", () => {
  test("come along when their version is another, however they were changed", async () => {
    const made = await put({ ...OFF, note: "dying" });
    const first = await sync(A);
    expect(first.overrides).toEqual({
      version: made.version,
      overrides: [
        expect.objectContaining({
          id: made.id,
          ...OFF,
          note: "dying",
          mode: null,
          created_by: user.userId,
          created_by_email: user.email,
          updated_by_email: user.email,
          expires_in_ms: null,
        }),
      ],
    });
    const version = first.overrides?.version;
    expect((await sync(A, { override_version: version })).overrides).toBeUndefined();
    await supabase.sql`update ai_overrides set note = 'by hand'`;
    const second = await sync(A, { override_version: version });
    expect(second.overrides?.overrides).toEqual([expect.objectContaining({ note: "by hand" })]);
  });

  test("there is one of a target", async () => {
    const first = await put(OFF);
    const again = await put({ ...OFF, note: "again" });
    expect([first.created, again.created, again.id]).toEqual([true, false, first.id]);
    const others = [
      { kind: "off", provider: "groq" },
      { ...OFF, mode: "fast" },
      { kind: "order", mode: "fast", engines: ["groq/a"] },
    ];
    for (const other of others) expect((await put(other)).created).toBe(true);
    expect((await put({ kind: "order", mode: "fast", engines: ["groq/b"] })).created).toBe(false);
    expect((await call<Synced["overrides"]>("list_overrides", {}))?.overrides).toHaveLength(4);
  });

  test("one is replaced by its id, also with another target, but not with that of another", async () => {
    const { id } = await put(OFF);
    const moved = await put({ id, kind: "off", provider: "mistral" });
    expect(moved).toMatchObject({ id, created: false, overrides: [{ provider: "mistral", model: null }] });
    const other = await put(OFF);
    expect(await codeOf("put_override", { p: { id: other.id, kind: "off", provider: "mistral" } })).toBe(
      "PT409",
    );
    expect(await codeOf("put_override", { p: { id: randomUUID(), ...OFF } })).toBe("PT404");
  });

  test("that have expired are gone, and count no more", async () => {
    await put({ ...OFF, expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    const [{ expires_in_ms } = {}] = (await call<Put>("list_overrides", {})).overrides;
    expect(expires_in_ms).toEqual(expect.closeTo(3_600_000, -5));
    await supabase.sql`update ai_overrides set expires_at = now() - interval '1 second'`;
    expect((await call<Put>("list_overrides", {})).overrides).toEqual([]);
    expect(await call("delete_override", { p_id: randomUUID() })).toMatchObject({ deleted: false });
    await sync(randomUUID());
    expect(await supabase.sql`select id from ai_overrides`).toEqual([]);
  });

  test("one is deleted once", async () => {
    const { id, version } = await put(OFF);
    const gone = await call<{ deleted: boolean; version: number }>("delete_override", { p_id: id });
    expect(gone).toMatchObject({ deleted: true, overrides: [] });
    expect(gone.version).toBeGreaterThan(version);
    expect(await call("delete_override", { p_id: id })).toMatchObject({ deleted: false });
  });

  test("outlive who made them, without naming them", async () => {
    const admin = await supabase.signUp();
    await put({ ...OFF, user_id: admin.userId });
    await supabase.sql`delete from auth.users where id = ${admin.userId}`;
    expect((await call<Put>("list_overrides", {})).overrides).toEqual([
      expect.objectContaining({ ...OFF, created_by: null, created_by_email: null }),
    ]);
  });

  test("there are at most 500", async () => {
    await supabase.sql`
      insert into ai_overrides (kind, provider, model) select 'off', 'groq', 'm' || n from generate_series(1, 500) n`;
    expect(await codeOf("put_override", { p: OFF })).toBe("PT409");
    expect(
      await codeOf("put_override", { p: { ...OFF, model: "m7", note: "one that is there" } }),
    ).toBeUndefined();
  });

  const WRONG: Entry[] = [
    { kind: "planet", provider: "groq" },
    { kind: "off" },
    { kind: "off", provider: "gr oq" },
    { kind: "off", provider: "groq", model: "x".repeat(257) },
    { kind: "off", provider: "groq", note: "x".repeat(501) },
    { kind: "off", provider: "groq", engines: ["groq/a"] },
    { kind: "off", provider: "groq", expires_at: "infinity" },
    { kind: "order", mode: "fast" },
    { kind: "order", mode: "fast", engines: [] },
    { kind: "order", engines: ["groq/a"] },
    { kind: "order", mode: "fast", engines: Array.from({ length: 201 }, (_, index) => `groq/${index}`) },
    { kind: "order", mode: "fast", engines: ["x".repeat(70_000)] },
  ];
  test.each(WRONG)("%j is refused by the database itself", async (wrong) => {
    expect(await codeOf("put_override", { p: wrong })).toBe("23514");
  });
});
