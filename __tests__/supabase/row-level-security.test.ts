import { createHash, randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseClient } from "#lib/adapters/supabase/clients.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

type Actor = "anon" | "owner" | "other";
type Verb = "select" | "insert" | "update" | "delete" | "upsert";
/** `rows`: it worked. `none`: no error, and no row seen or touched. `denied`: refused. */
type Outcome = "rows" | "none" | "denied";
type TableCase = {
  table: string;
  columns: string;
  /** A row of the owner with the given id, as the superuser writes it. */
  row: (id: string, owner: string) => Record<string, unknown>;
  /** What a client sends to insert a row for the owner. */
  insert: (owner: string) => Record<string, unknown>;
  /** What a client sends to change a row. */
  change: Record<string, unknown>;
  key?: string;
  /** What the row hangs from, before it is written. */
  arrange?: (id: string, owner: string) => Promise<unknown>;
  expected: Record<Actor, Record<Verb, Outcome>>;
};

const closed: Record<Verb, Outcome> = {
  select: "denied",
  insert: "denied",
  update: "denied",
  delete: "denied",
  upsert: "denied",
};
const readOnly: TableCase["expected"] = {
  anon: closed,
  owner: { ...closed, select: "rows" },
  other: { ...closed, select: "none" },
};
const HASH = "ab".repeat(32);
const A_PART = { message_count: 1, characters: 0 };
const A_BENCH = {
  number: 1,
  instance_id: randomUUID(),
  began_at: "2026-01-01T00:00:00Z",
  until_at: "2100-01-01T00:00:00Z",
};

const aNewKey = (userId: string) => ({
  p_name: "mine",
  p_key_hash: HASH,
  p_prefix: "sk-sarmalink-ab",
  p_requests_per_minute: null,
  p_usd_per_month: null,
  p_modes: null,
  p_user_id: userId,
});

const aFile = (owner: string) => ({
  user_id: owner,
  name: "cat.png",
  type: "image",
  bytes: 3,
  digest: HASH,
  content: "AAAA",
});

const anObject = (id: string, owner: string) => ({
  ...{ id, user_id: owner, name: "cat.png", media_type: "image/png", bytes: 3 },
  key: `attachments/${owner}/2026-11-27/${id}.png`,
});

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** As an administrator would name a key. */
const anyKey = () => ({ p_key_id: randomUUID(), p_owner: null, p_actor: randomUUID() });

/** A gateway key with this id, whose limits the row under test belongs to. */
const withKey = (id: string, owner: string): Promise<unknown> =>
  supabase.sql`insert into gateway_keys ${supabase.sql({
    id,
    user_id: owner,
    name: "ci",
    key_hash: id.replaceAll("-", "").repeat(2),
    prefix: "sk-sarmalink-ab",
  })}`;

const CASES: TableCase[] = [
  {
    table: "ai_chat_sessions",
    columns: "id,user_id,title,messages,created_at,updated_at",
    row: (id, owner) => ({ id, user_id: owner, title: "Mine" }),
    insert: (owner) => ({ user_id: owner, title: "New" }),
    change: { title: "Changed" },
    expected: {
      anon: closed,
      // Ids are the database's, so an upsert by id is refused even to the owner.
      owner: { select: "rows", insert: "rows", update: "rows", delete: "rows", upsert: "denied" },
      other: { select: "none", insert: "denied", update: "none", delete: "none", upsert: "denied" },
    },
  },
  {
    table: "ai_user_memories",
    columns: "id,user_id,fact",
    row: (id, owner) => ({ id, user_id: owner, fact: "likes tea" }),
    insert: (owner) => ({ user_id: owner, fact: "new" }),
    change: { fact: "changed" },
    expected: {
      anon: closed,
      // An upsert also writes id and user_id, which nobody may change.
      owner: { select: "rows", insert: "rows", update: "rows", delete: "rows", upsert: "denied" },
      other: { select: "none", insert: "denied", update: "none", delete: "none", upsert: "denied" },
    },
  },
  {
    table: "ai_attachments",
    columns: "id,user_id,session_id,name,type,bytes,digest,document,content",
    row: (id, owner) => ({ id, ...aFile(owner) }),
    insert: (owner) => aFile(owner),
    change: { session_id: null },
    expected: {
      anon: closed,
      // An upsert also writes what a file is, which nobody may change.
      owner: { select: "rows", insert: "rows", update: "rows", delete: "rows", upsert: "denied" },
      other: { select: "none", insert: "denied", update: "none", delete: "none", upsert: "denied" },
    },
  },
  {
    table: "ai_session_parts",
    columns: "session_id,number,user_id,messages",
    row: (id, owner) => ({
      session_id: id,
      number: 0,
      user_id: owner,
      messages: supabase.sql.json([1]),
      ...A_PART,
    }),
    insert: (owner) => ({ session_id: randomUUID(), number: 0, user_id: owner, messages: [1], ...A_PART }),
    change: { messages: [] },
    key: "session_id",
    arrange: (id, owner) =>
      supabase.sql`insert into ai_chat_sessions ${supabase.sql({ id, user_id: owner, title: "Mine" })}`,
    expected: readOnly,
  },
  {
    table: "ai_capacity_counters",
    columns: "tier,day,used",
    row: (id) => ({ tier: id, day: "2026-01-01", used: 3 }),
    insert: () => ({ tier: "fast", day: "2026-01-01", used: 0 }),
    change: { used: 0 },
    key: "tier",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_chat_usage",
    columns: "id,user_id,tier,status,cost_usd",
    row: (id, owner) => ({
      id,
      user_id: owner,
      tier: "smart",
      quota_day: "2026-01-01",
      settle_hash: Buffer.alloc(32),
    }),
    insert: (owner) => ({ user_id: owner, tier: "smart", quota_day: "2026-01-01" }),
    change: { status: "failed" },
    expected: readOnly,
  },
  {
    table: "ai_events",
    columns: "id,request_id,user_id,event_type",
    row: (id, owner) => ({ id, request_id: id, user_id: owner, event_type: "attempt" }),
    insert: (owner) => ({ request_id: randomUUID(), user_id: owner, event_type: "attempt" }),
    change: { status: "forged" },
    expected: readOnly,
  },
  {
    table: "ai_quota_counters",
    columns: "user_id,tier,day,used",
    row: (id, owner) => ({ user_id: owner, tier: id, day: "2026-01-01", used: 3 }),
    insert: (owner) => ({ user_id: owner, tier: "fast", day: "2026-01-01", used: 0 }),
    change: { used: 0 },
    key: "tier",
    expected: readOnly,
  },
  {
    table: "gateway_keys",
    columns: "id,user_id,name,prefix",
    row: (id, owner) => ({ id, user_id: owner, name: "ci", key_hash: HASH, prefix: "sk-sarmalink-ab" }),
    insert: (owner) => ({
      user_id: owner,
      name: "mine",
      key_hash: "cd".repeat(32),
      prefix: "sk-sarmalink-cd",
    }),
    change: { name: "changed" },
    expected: readOnly,
  },
  {
    table: "gateway_key_spend",
    columns: "key_id,month,usd",
    row: (id) => ({ key_id: id, month: "2026-01-01", usd: 1 }),
    insert: () => ({ key_id: randomUUID(), month: "2026-02-01", usd: 0 }),
    change: { usd: 0 },
    key: "key_id",
    arrange: withKey,
    expected: readOnly,
  },
  {
    table: "ai_call_notes",
    columns: "model,calls",
    row: (id) => ({ ...A_NOTED_CALL, hour: MIDNIGHT, model: id }),
    insert: () => ({ ...A_NOTED_CALL, hour: MIDNIGHT, model: "m" }),
    change: { calls: 2 },
    key: "model",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_call_figures",
    columns: "model,calls",
    row: (id) => ({ ...A_NOTED_CALL, grain: "hour", start: MIDNIGHT, model: id }),
    insert: () => ({ ...A_NOTED_CALL, grain: "hour", start: MIDNIGHT, model: "m" }),
    change: { calls: 2 },
    key: "model",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_usage_notes",
    columns: "model,calls",
    row: (id) => ({ ...NOTED_USAGE, hour: MIDNIGHT, model: id }),
    insert: () => ({ ...NOTED_USAGE, hour: MIDNIGHT, model: "m" }),
    change: { calls: 2 },
    key: "model",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_usage_figures",
    columns: "model,calls",
    row: (id) => ({ ...NOTED_USAGE, grain: "hour", start: MIDNIGHT, model: id }),
    insert: () => ({ ...NOTED_USAGE, grain: "hour", start: MIDNIGHT, model: "m" }),
    change: { calls: 2 },
    key: "model",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_secrets",
    columns: "key_id,key_hash,valid_until",
    row: (id) => ({ key_id: id, key_hash: sha256Of(id), valid_until: new Date() }),
    insert: () => ({ key_id: randomUUID(), key_hash: sha256Of("other"), valid_until: new Date() }),
    change: { valid_until: new Date() },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_holds",
    columns: "key_id,request_id,has_slot,usd,held_until",
    row: (id) => ({ key_id: id, request_id: randomUUID(), has_slot: true, held_until: new Date() }),
    insert: () => ({
      key_id: randomUUID(),
      request_id: randomUUID(),
      has_slot: true,
      held_until: new Date(),
    }),
    change: { usd: 0 },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_today",
    columns: "key_id,day,requests,usd",
    row: (id) => ({ key_id: id, day: "2026-01-01", requests: 1, usd: 1 }),
    insert: () => ({ key_id: randomUUID(), day: "2026-01-01", requests: 1, usd: 1 }),
    change: { usd: 0 },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_changes",
    columns: "key_id,changed_in,changed_at",
    row: (id) => ({ key_id: id, changed_in: "1" }),
    insert: () => ({ key_id: randomUUID(), changed_in: "1" }),
    change: { changed_at: new Date() },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_actions",
    columns: "key_id,actor_id,action",
    row: (id) => ({ key_id: id, actor_id: randomUUID(), action: "revoke" }),
    insert: () => ({ key_id: randomUUID(), actor_id: randomUUID(), action: "revoke" }),
    change: { action: "create" },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "gateway_key_windows",
    columns: "key_id,started_at,used",
    row: (id) => ({ key_id: id, started_at: new Date(), used: 1 }),
    insert: () => ({ key_id: randomUUID(), started_at: new Date(), used: 1 }),
    change: { used: 1 },
    key: "key_id",
    arrange: withKey,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_instances",
    columns: "id,started_at,seen_at",
    row: (id) => ({ id }),
    insert: () => ({ id: randomUUID() }),
    change: { seen_at: "2100-01-01T00:00:00Z" },
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_shared_health",
    columns: "id,level,number,facts",
    row: (id) => ({ id, level: "key", ...A_BENCH }),
    insert: () => ({ id: randomUUID(), level: "key", ...A_BENCH }),
    change: { until_at: "2000-01-01T00:00:00Z" },
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "manus_tasks",
    columns: "id,user_id,manus_id,title,status,output",
    row: (id, owner) => ({ id, user_id: owner, manus_id: id, prompt: "p", title: "Mine" }),
    insert: (owner) => ({ user_id: owner, manus_id: randomUUID(), prompt: "p", title: "New" }),
    change: { manus_id: "another" },
    expected: readOnly,
  },
  {
    table: "manus_deliveries",
    columns: "task_id,taken_at",
    row: (id) => ({ task_id: id, body_hash: Buffer.alloc(32) }),
    insert: () => ({ task_id: randomUUID(), body_hash: `\\x${HASH}` }),
    change: { taken_at: "2100-01-01T00:00:00Z" },
    key: "task_id",
    arrange: (id, owner) =>
      supabase.sql`insert into manus_tasks ${supabase.sql({ id, user_id: owner, manus_id: id, prompt: "p", title: "t" })}`,
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_objects",
    columns: "id,key,user_id,session_id,attachment_id,name,media_type,bytes,stored_at,created_at",
    row: (id, owner) => anObject(id, owner),
    insert: (owner) => anObject(randomUUID(), owner),
    change: { attachment_id: null },
    expected: readOnly,
  },
  {
    table: "ai_objects_to_delete",
    columns: "key,due_at",
    row: (id) => ({ key: id, due_at: "2026-01-01T00:00:00Z" }),
    insert: () => ({ key: randomUUID(), due_at: "2026-01-01T00:00:00Z" }),
    change: { due_at: "2100-01-01T00:00:00Z" },
    key: "key",
    expected: { anon: closed, owner: closed, other: closed },
  },
  {
    table: "ai_overrides",
    columns: "id,kind,provider,note",
    row: (id, owner) => ({ id, kind: "off", provider: "groq", created_by: owner }),
    insert: (owner) => ({ kind: "off", provider: "mistral", created_by: owner }),
    change: { note: "changed" },
    expected: { anon: closed, owner: closed, other: closed },
  },
];

const ONE_ROW_TABLES = ["ai_figures_state", "ai_override_version", "ai_turn_access", "gateway_key_marker"];
const A_NOTED_CALL = {
  ...{
    event_type: "attempt",
    provider: "groq",
    outcome: "ok",
    calls: 1,
    latencies: "{}",
    first_tokens: "{}",
  },
};
const NOTED_USAGE = {
  ...{
    mode: "smart",
    status: "completed",
    depth: 0,
    provider: "groq",
    billed: false,
    valued: true,
    turns: 1,
  },
  ...{ calls: 1, prompt_tokens: 1, cached_tokens: 0, cache_write_tokens: 0, completion_tokens: 1 },
  ...{
    reasoning_tokens: 0,
    cost_usd: 0,
    list_usd: 0,
    cached_savings_usd: 0,
    unknown_calls: 0,
    estimated_calls: 0,
  },
};
const MIDNIGHT = "2026-01-01T00:00:00Z";

let supabase: TestSupabase;
let owner: TestUser;
let other: TestUser;
let actors: Record<Actor, DatabaseClient>;

beforeAll(async () => {
  supabase = await startTestSupabase();
  owner = await supabase.signUp();
  other = await supabase.signUp();
  actors = {
    anon: createClient(supabase.url, supabase.publishableKey, { auth: { persistSession: false } }),
    owner: supabase.clients.asUser(owner.accessToken),
    other: supabase.clients.asUser(other.accessToken),
  };
}, 30_000);

afterAll(() => supabase.stop());

async function attempt(
  client: DatabaseClient,
  verb: Verb,
  { table, columns, ...one }: TableCase,
  id: string,
) {
  const key = one.key ?? "id";
  const from = client.from(table);
  switch (verb) {
    case "select":
      return await from.select(columns).eq(key, id);
    case "insert":
      return await from.insert(one.insert(owner.userId)).select(columns);
    case "update":
      return await from.update(one.change).eq(key, id).select(columns);
    case "delete":
      return await from.delete().eq(key, id).select(columns);
    case "upsert":
      return await from.upsert({ ...one.insert(owner.userId), ...one.change, [key]: id }).select(columns);
  }
}

describe.each(CASES)("$table", (one) => {
  let id: string;

  beforeEach(async () => {
    id = randomUUID();
    await supabase.sql`delete from ${supabase.sql(one.table)}`;
    await one.arrange?.(id, owner.userId);
    await supabase.sql`insert into ${supabase.sql(one.table)} ${supabase.sql(one.row(id, owner.userId))}`;
  });

  const table = () => supabase.sql`select * from ${supabase.sql(one.table)} order by 1`;

  for (const actor of ["anon", "owner", "other"] as const) {
    for (const verb of ["select", "insert", "update", "delete", "upsert"] as const) {
      test(`${actor} ${verb}: ${one.expected[actor][verb]}`, async () => {
        const before = await table();
        const { data, error } = await attempt(actors[actor], verb, one, id);
        const outcome: Outcome = error ? "denied" : (data?.length ?? 0) > 0 ? "rows" : "none";
        expect({ outcome, code: error?.code }).toEqual({
          outcome: one.expected[actor][verb],
          code: one.expected[actor][verb] === "denied" ? "42501" : undefined,
        });
        if (outcome !== "rows") expect(await table()).toEqual(before);
      });
    }
  }
});

test("every table of public has a row in the matrix above", async () => {
  const tables = await supabase.sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`;
  expect(tables.map((table) => table.name).sort()).toEqual(
    [...CASES.map((one) => one.table), ...ONE_ROW_TABLES].sort(),
  );
});

describe("beyond rows", () => {
  test.each([
    ["owner", "ai_chat_usage", "settle_hash"],
    ["owner", "gateway_keys", "key_hash"],
    ["owner", "gateway_key_secrets", "key_hash"],
    ["service", "gateway_key_secrets", "key_hash"],
    ["service", "ai_chat_usage", "settle_hash"],
    ["service", "gateway_keys", "key_hash"],
  ] as const)("%s cannot read %s.%s", async (who, table, column) => {
    const client = who === "service" ? supabase.clients.asService() : actors.owner;
    expect((await client.from(table).select(column)).error?.code).toBe("42501");
  });

  test("a user cannot write saved messages, only the title", async () => {
    const messages = [{ role: "assistant", content: "forged" }];
    const inserted = await actors.owner.from("ai_chat_sessions").insert({ user_id: owner.userId, messages });
    const updated = await actors.owner
      .from("ai_chat_sessions")
      .update({ messages })
      .eq("user_id", owner.userId);
    expect([inserted.error?.code, updated.error?.code]).toEqual(["42501", "42501"]);
  });

  test("not even the service role writes the ledger, the quota or the events by hand", async () => {
    const service = supabase.clients.asService();
    for (const table of ["ai_chat_usage", "ai_events", "ai_quota_counters", "ai_session_parts"]) {
      const { error } = await service.from(table).delete().eq("user_id", owner.userId);
      expect(error?.code).toBe("42501");
    }
    const { error } = await service.from("ai_capacity_counters").update({ used: 0 }).eq("tier", "smart");
    expect(error?.code).toBe("42501");
    expect((await service.from("ai_capacity_counters").select("tier,day,used")).error).toBeNull();
  });

  test("the service role reads what keys have spent, and writes neither that nor their windows", async () => {
    const service = supabase.clients.asService();
    expect((await service.from("gateway_key_spend").select("usd")).error).toBeNull();
    const spend = { key_id: randomUUID(), month: "2026-01-01", usd: 0 };
    expect((await service.from("gateway_key_spend").insert(spend)).error?.code).toBe("42501");
    expect((await service.from("gateway_key_windows").select("used")).error?.code).toBe("42501");
    const window = { key_id: randomUUID(), started_at: new Date().toISOString(), used: 1 };
    expect((await service.from("gateway_key_windows").insert(window)).error?.code).toBe("42501");
    expect((await service.rpc("ai_store_batch", { p_turns: [] })).error?.code).toBe("42501");
  });

  test.each(ONE_ROW_TABLES)("nobody reads or writes %s, but through its functions", async (table) => {
    for (const client of [...Object.values(actors), supabase.clients.asService()]) {
      const from = client.from(table);
      const answers = [
        await from.select("id"),
        await from.insert({ id: true }),
        await from.update({ id: true }).eq("id", true),
        await from.delete().eq("id", true),
      ];
      expect(answers.map(({ error }) => error?.code)).toEqual(["42501", "42501", "42501", "42501"]);
    }
  });

  test("the service role hears whether a key was ever made", async () => {
    const told = await supabase.clients.asService().rpc("gateway_key_ever_created");
    expect(told.data).toBe(true);
  });

  test("turns of nobody are seen by the service role only", async () => {
    const id = randomUUID();
    const turn = { id, tier: "smart", quota_day: "2026-01-01", settle_hash: Buffer.alloc(32) };
    await supabase.sql`insert into ai_chat_usage ${supabase.sql(turn)}`;
    await supabase.sql`insert into ai_events ${supabase.sql({ request_id: id, event_type: "attempt" })}`;
    const seen = async (client: DatabaseClient) => [
      (await client.from("ai_chat_usage").select("id,user_id,key_id").eq("id", id)).data?.length,
      (await client.from("ai_events").select("id").eq("request_id", id)).data?.length,
    ];
    expect(await seen(actors.owner)).toEqual([0, 0]);
    expect(await seen(actors.other)).toEqual([0, 0]);
    expect(await seen(actors.anon)).toEqual([undefined, undefined]);
    expect(await seen(supabase.clients.asService())).toEqual([1, 1]);
  });

  test("a user's own session is theirs without naming the user", async () => {
    const { data } = await actors.owner
      .from("ai_chat_sessions")
      .insert({ title: "Hello" })
      .select("user_id")
      .single();
    expect(data).toEqual({ user_id: owner.userId });
  });

  test("the view of today shows a user only their own usage", async () => {
    await supabase.sql`delete from ai_chat_usage`;
    await supabase.sql`insert into ai_chat_usage ${supabase.sql({
      id: randomUUID(),
      user_id: owner.userId,
      tier: "smart",
      quota_day: "2026-01-01",
      settle_hash: Buffer.alloc(32),
    })}`;
    const seen = async (client: DatabaseClient) => await client.from("ai_usage_today").select("tier,turns");
    expect((await seen(actors.owner)).data).toMatchObject([{ tier: "smart" }]);
    expect((await seen(actors.other)).data).toEqual([]);
    expect((await seen(actors.anon)).error?.code).toBe("42501");
  });

  test.each([
    [
      "anon",
      "begin_turn",
      { p_request_id: randomUUID(), p_settle_hash: HASH, p_tier: "smart", p_daily_limit: 1 },
    ],
    ["anon", "quota_today", {}],
    ["anon", "find_gateway_key", { p_key_hash: HASH }],
    ["owner", "find_gateway_key", { p_key_hash: HASH }],
    ["owner", "ai_turn_owner", { p_user_id: null }],
    ...(["anon", "owner"] as const).flatMap((actor) => [
      [actor, "gateway_key_ever_created", {}] as const,
      [actor, "list_gateway_keys", { p_user_id: randomUUID() }] as const,
      [actor, "close_turns_to_users", {}] as const,
      [actor, "open_turns_to_users", {}] as const,
      [actor, "ai_apply_turn_access", {}] as const,
      [actor, "ai_turn_recorder", {}] as const,
      [actor, "ai_bounded_messages", { p_messages: [] }] as const,
      [actor, "record_turns", { p_turns: [] }] as const,
      [actor, "settle_turns", { p_turns: [] }] as const,
      [actor, "ai_settle_turns", { p_turns: [] }] as const,
      [actor, "ai_store_batch", { p_turns: [] }] as const,
      [actor, "ai_count_spend", { p_ids: [] }] as const,
      [actor, "admit_gateway_key", { p_key_id: randomUUID() }] as const,
      [actor, "gateway_key_admit", { p_request: { key_id: randomUUID() } }] as const,
      [actor, "gateway_key_release", { p_ids: [] }] as const,
      [actor, "gateway_key_find", { p_key_hash: HASH }] as const,
      [actor, "gateway_key_add", { p_key: aNewKey(randomUUID()), p_actor: randomUUID() }] as const,
      [actor, "gateway_key_change", { ...anyKey(), p_changes: { usd_per_month: null } }] as const,
      [
        actor,
        "gateway_key_rotate",
        { ...anyKey(), p_key_hash: HASH, p_prefix: "sk", p_grace_seconds: 0 },
      ] as const,
      [actor, "gateway_key_revoke", anyKey()] as const,
      [actor, "gateway_key_get", { p_key_id: randomUUID(), p_owner: null }] as const,
      [actor, "gateway_keys_page", { p_user_id: null, p_after: null, p_limit: 1 }] as const,
      [actor, "gateway_keys_changed_since", { p_cursor: null }] as const,
      [actor, "gateway_keys_prune", { p_limit: 1 }] as const,
      [actor, "gateway_key_live_holds", { p_key_id: randomUUID() }] as const,
      [actor, "gateway_keys_lock_and_count", { p_user_id: randomUUID() }] as const,
      [actor, "gateway_key_count_today", { p_ids: [] }] as const,
      [actor, "revoke_gateway_key", { p_key_id: randomUUID(), p_user_id: randomUUID() }] as const,
      [actor, "create_gateway_key", aNewKey(randomUUID())] as const,
      [actor, "sync_instance", { p: {} }] as const,
      [actor, "list_instances", {}] as const,
      [actor, "list_overrides", {}] as const,
      [actor, "put_override", { p: {} }] as const,
      [actor, "delete_override", { p_id: randomUUID() }] as const,
      [actor, "ai_share_health", { p_instance: randomUUID(), p_entries: [] }] as const,
      [actor, "ai_prune_shared_state", {}] as const,
    ]),
  ] as const)("%s cannot call %s", async (actor, name, parameters) => {
    expect((await actors[actor].rpc(name, parameters)).error?.code).toBe("42501");
  });

  test("without the secret of a turn nobody settles it", async () => {
    const id = randomUUID();
    await supabase.sql`insert into ai_chat_usage ${supabase.sql({
      id,
      user_id: owner.userId,
      tier: "smart",
      quota_day: "2026-01-01",
      settle_hash: Buffer.alloc(32),
    })}`;
    const guess = { p_turn: { id, settle_secret: "x", status: "failed", delivered: false } };
    for (const [actor, code] of [
      ["anon", "PT403"],
      ["owner", "PT403"],
      ["other", "PT404"],
    ] as const) {
      expect((await actors[actor].rpc("settle_turn", guess)).error?.code, actor).toBe(code);
    }
    const [row] = await supabase.sql`select status from ai_chat_usage where id = ${id}`;
    expect(row?.["status"]).toBe("started");
  });
});
