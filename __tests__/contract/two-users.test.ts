import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatabaseClient } from "#lib/adapters/supabase/clients.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import { type ApiClient, apiClient } from "../support/api-client.ts";
import { aPdf, base64 } from "../support/documents.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** Stands in everything that the owner has. */
const MARK = "CANARY-of-the-owner";

/** What the owner has, by which a stranger may try to reach it. */
type Owned = {
  userId: string;
  sessionId: string;
  memoryId: string;
  fileId: string;
  keyId: string;
  turnId: string;
  taskId: string;
  uploadId: string;
};

/** A call that a stranger makes for what is the owner's, and what may come of it. A new route is a new row. */
type Attempt = {
  method: string;
  path: string;
  /** The last segments of the path, or the query. */
  at?: (owned: Owned) => string;
  body?: (owned: Owned) => unknown;
  /** For the stranger. Nobody without a credential gets past 401. */
  status: number;
};

const ATTEMPTS: readonly Attempt[] = [
  { method: "GET", path: "/api/sessions", status: 200 },
  { method: "GET", path: "/api/sessions", at: () => `?search=${MARK}`, status: 200 },
  {
    method: "GET",
    path: "/api/sessions",
    // A place in the list of somebody else shows no more than an own one.
    at: ({ sessionId }) =>
      `?cursor=${Buffer.from(`9999-01-01T00:00:00.000000Z ${sessionId}`).toString("base64url")}`,
    status: 200,
  },
  {
    method: "POST",
    path: "/api/sessions",
    body: ({ sessionId }) => ({ from: { id: sessionId, messages: 2 } }),
    status: 404,
  },
  { method: "GET", path: "/api/sessions/[id]", at: ({ sessionId }) => sessionId, status: 404 },
  {
    method: "PATCH",
    path: "/api/sessions/[id]",
    at: ({ sessionId }) => sessionId,
    body: () => ({ title: "stolen" }),
    status: 404,
  },
  { method: "DELETE", path: "/api/sessions/[id]", at: ({ sessionId }) => sessionId, status: 404 },
  {
    method: "POST",
    path: "/api/ai-chat",
    body: ({ sessionId }) => ({ message: "What was said before?", model: "smart", sessionId }),
    status: 404,
  },
  {
    method: "POST",
    path: "/api/ai-chat",
    body: ({ fileId }) => ({ message: "What is in the file?", model: "smart", files: [{ id: fileId }] }),
    status: 404,
  },
  // The same bytes: a file of their own.
  {
    method: "POST",
    path: "/api/attachments/upload",
    body: () => ({ name: "same.pdf", data: base64(aPdf("Same bytes.")) }),
    status: 201,
  },
  { method: "GET", path: "/api/attachments/[id]", at: ({ fileId }) => fileId, status: 404 },
  {
    method: "GET",
    path: "/api/attachments/[id]",
    at: ({ fileId }) => `${fileId}?redirect=true`,
    status: 404,
  },
  { method: "POST", path: "/api/attachments/uploads", body: () => ({ bytes: 10 }), status: 201 },
  {
    method: "POST",
    path: "/api/attachments/uploads/[id]/complete",
    at: ({ uploadId }) => uploadId,
    status: 404,
  },
  { method: "GET", path: "/api/memories", status: 200 },
  {
    method: "PUT",
    path: "/api/memories",
    body: ({ memoryId }) => ({ id: memoryId, fact: "Was changed" }),
    status: 404,
  },
  { method: "DELETE", path: "/api/memories", at: ({ memoryId }) => `?id=${memoryId}`, status: 404 },
  { method: "DELETE", path: "/api/memories", at: () => "?all=true", status: 204 },
  { method: "GET", path: "/api/v1/manus", status: 200 },
  {
    method: "POST",
    path: "/api/v1/manus",
    body: ({ taskId }) => ({ prompt: "Tell me what you found.", taskId }),
    status: 404,
  },
  { method: "DELETE", path: "/api/v1/manus", at: ({ taskId }) => `?id=${taskId}`, status: 404 },
  { method: "GET", path: "/api/v1/manus/tasks/[id]", at: ({ taskId }) => taskId, status: 404 },
  { method: "GET", path: "/api/v1/quota", status: 200 },
  { method: "GET", path: "/api/v1/quota", at: ({ userId }) => `?user_id=${userId}`, status: 403 },
  { method: "GET", path: "/api/admin/health", status: 403 },
  { method: "GET", path: "/api/admin/requests", status: 403 },
  { method: "GET", path: "/api/admin/requests", at: ({ userId }) => `?user=${userId}`, status: 403 },
  { method: "GET", path: "/api/admin/requests/[id]", at: ({ turnId }) => turnId, status: 403 },
  { method: "GET", path: "/api/admin/series", status: 403 },
  { method: "GET", path: "/api/admin/mcp", status: 403 },
  { method: "GET", path: "/api/admin/mcp", at: () => "?refresh=1", status: 403 },
  { method: "GET", path: "/api/admin/overrides", status: 403 },
  {
    method: "PUT",
    path: "/api/admin/overrides",
    body: () => ({ kind: "off", provider: "groq" }),
    status: 403,
  },
  {
    method: "PUT",
    path: "/api/admin/overrides/[id]",
    at: ({ turnId }) => turnId,
    body: () => ({ kind: "off", provider: "groq" }),
    status: 403,
  },
  { method: "DELETE", path: "/api/admin/overrides/[id]", at: ({ turnId }) => turnId, status: 403 },
  { method: "GET", path: "/api/metrics", status: 403 },
  { method: "GET", path: "/api/keys", status: 200 },
  { method: "GET", path: "/api/keys", at: () => "?all=true", status: 403 },
  { method: "GET", path: "/api/keys", at: ({ userId }) => `?user_id=${userId}`, status: 403 },
  {
    method: "POST",
    path: "/api/keys",
    body: ({ userId }) => ({ name: "theirs", userId }),
    status: 403,
  },
  { method: "GET", path: "/api/keys/[id]", at: ({ keyId }) => keyId, status: 404 },
  {
    method: "PATCH",
    path: "/api/keys/[id]",
    at: ({ keyId }) => keyId,
    body: () => ({ usdPerMonth: null }),
    status: 404,
  },
  { method: "DELETE", path: "/api/keys/[id]", at: ({ keyId }) => keyId, status: 404 },
  { method: "POST", path: "/api/keys/[id]/rotate", at: ({ keyId }) => keyId, status: 404 },
];

/** Routes that keep nothing of a user and show nothing of one. */
const WITHOUT_DATA: readonly string[] = [
  // Of whoever is signed in in a browser: sign-in.test.ts.
  "/api/auth/password",
  "/api/v1/mcp",
  "/api/v1/mcp/catalog",
  "/api/v1/mcp/server",
  "/api/v1/plugins",
  "/api/v1/plugins/invoke",
  "/api/v1/agent",
  "/api/v1/suggestions",
  "/api/v1/stt",
  "/api/v1/tts",
  // Uploads that it names are tried in images.test.ts.
  "/api/v1/images/edit",
  "/api/v1/images/generate",
  "/api/v1/export/pdf",
  "/api/v1/export/xlsx",
];

let database: TestSupabase;
let upstream: FakeUpstream;
let storage: S3Server;
let gateway: TestGateway;
let call: ApiClient;
let owner: TestUser;
let stranger: TestUser;
let strangersKey: string;
let owned: Owned;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers(`${MARK} answered.`));
  storage = await startS3Server();
  gateway = await startTestGateway({
    database,
    settings: {
      ...storage.settings,
      MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }),
      MANUS_API_KEY: "a-key-of-manus",
      MANUS_BASE_URL: upstream.origin,
    },
  });
  call = apiClient(() => gateway.gateway);
  [owner, stranger] = await Promise.all([database.signUp(), database.signUp()]);
  strangersKey = await createKey(database, stranger.userId);
  owned = await arrange();
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await storage.stop();
  await database.stop();
});

/** The owner talks, has a key that has spent something, and is remembered. */
async function arrange(): Promise<Owned> {
  const { body } = await call("POST", "/api/keys", owner.accessToken, { name: MARK, usdPerMonth: 5 });
  const keyId = String(body["id"]);
  await database.sql`insert into public.gateway_key_spend (key_id, month, usd) values (${keyId}, now(), 1)`;
  const turn = await gateway.ask(owner.accessToken, { message: `${MARK} asked.`, model: "smart" });
  await gateway.settled();
  const [memory] = await database.sql`
    insert into public.ai_user_memories (user_id, fact) values (${owner.userId}, ${MARK}) returning id`;
  const [task] = await database.sql`
    insert into public.manus_tasks (user_id, manus_id, prompt, title, output)
    values (${owner.userId}, ${`manus-${MARK}`}, ${MARK}, ${MARK}, ${MARK}) returning id`;
  const file = await call("POST", "/api/attachments/upload", owner.accessToken, {
    name: `${MARK}.pdf`,
    data: base64(aPdf("Same bytes.")),
  });
  const sent = { name: `${MARK}.pdf`, bytes: 10 };
  const upload = await call("POST", "/api/attachments/uploads", owner.accessToken, sent);
  const session = turn.events.find((event) => event.type === "session");
  return {
    userId: owner.userId,
    sessionId: session?.id ?? "",
    memoryId: String(memory?.["id"]),
    fileId: String(file.body["id"]),
    keyId,
    turnId: turn.headers.get("x-request-id") ?? "",
    taskId: String(task?.["id"]),
    uploadId: String(upload.body["id"]),
  };
}

/** Every row of every table, but those of strangers. */
async function everything(): Promise<unknown> {
  const tables = await database.sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    order by 1`;
  const rows = tables.map(async ({ name }) => {
    const all =
      await database.sql`select to_jsonb(t)::text as row from ${database.sql(`public.${name}`)} as t order by 1`;
    return [name, all.map(({ row }) => String(row)).filter((row) => !row.includes(stranger.userId))] as const;
  });
  return Promise.all(rows);
}

/** @param sent what the stranger knew already may be repeated. */
function expectNothingOfTheOwner(seen: unknown, sent = ""): void {
  const text = JSON.stringify(seen);
  for (const secret of [MARK, ...Object.values(owned)]) {
    if (!sent.includes(secret)) expect(text).not.toContain(secret);
  }
}

test("every route that knows its user is tried", () => {
  const known = API.routes.filter(({ access }) => access !== "public" && access !== "proxy");
  const tried = [...ATTEMPTS.map(({ path }) => path), ...WITHOUT_DATA];
  expect([...new Set(tried)].sort()).toEqual(known.map(({ path }) => path).sort());
});

/** The call in words, for the names of tests. */
const NAMED = ATTEMPTS.map((attempt) => {
  const names = {
    userId: "<user>",
    sessionId: "<session>",
    memoryId: "<memory>",
    fileId: "<file>",
    keyId: "<key>",
    turnId: "<turn>",
    taskId: "<task>",
    uploadId: "<upload>",
  };
  return { ...attempt, name: `${attempt.method} ${attempt.path} ${attempt.at?.(names) ?? ""}` };
});

describe.each(NAMED)("$name", ({ method, path, at, body, status }) => {
  const target = (): string => {
    const more = at?.(owned) ?? "";
    return path.includes("[id]") ? path.replace("[id]", more) : `${path}${more}`;
  };

  test("shows another user nothing, and changes nothing", async () => {
    const before = await everything();
    const access = API.routes.find((route) => route.path === path)?.access;
    const isAccount = access === "user" || access === "admin";
    for (const [credential, expected] of [
      [stranger.accessToken, status],
      [strangersKey, isAccount ? 403 : status],
      ["", 401],
    ] as const) {
      const answer = await call(method, target(), credential, body?.(owned));
      expect(answer.status).toBe(expected);
      expectNothingOfTheOwner(answer.body, `${target()} ${JSON.stringify(body?.(owned))}`);
    }
    await gateway.settled();
    expect(await everything()).toEqual(before);
  });
});

/** Tables and views in which a user finds what is theirs. */
const OF_USERS: readonly string[] = [
  "ai_attachments",
  "ai_chat_sessions",
  "ai_chat_usage",
  "ai_events",
  "ai_objects",
  "ai_quota_counters",
  "ai_usage_today",
  "ai_user_memories",
  "gateway_key_spend",
  "gateway_keys",
  "manus_tasks",
];

describe("through the database's own API", () => {
  /** All that a client can read, table by table; those that it may not read are left out. */
  async function readable(client: DatabaseClient): Promise<Map<string, unknown[]>> {
    const tables = await database.sql<{ name: string; columns: string[] | null }[]>`
      select relname as name, (
        select array_agg(attname::text) from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped
          and has_column_privilege('authenticated', pg_class.oid, attnum, 'select')
      ) as columns
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')`;
    const seen = new Map<string, unknown[]>();
    for (const { name, columns } of tables) {
      const { data, error } = await client.from(name).select((columns ?? ["*"]).join(","));
      if (error === null) seen.set(name, data);
    }
    return seen;
  }
  const anonymous = () =>
    createClient(database.url, database.publishableKey, { auth: { persistSession: false } });

  test("users find what is theirs", async () => {
    const seen = await readable(database.clients.asUser(owner.accessToken));
    const found = [...seen].filter(([, rows]) => rows.length > 0).map(([name]) => name);
    expect(found).toEqual(expect.arrayContaining([...OF_USERS]));
  });

  test("nobody else finds it, in any table or view", async () => {
    const seen = await readable(database.clients.asUser(stranger.accessToken));
    expect([...seen.keys()]).toEqual(expect.arrayContaining([...OF_USERS]));
    expectNothingOfTheOwner([...seen.values()]);
    expect([...(await readable(anonymous())).values()].flat()).toEqual([]);
  });

  test.each([
    ["begin_turn", () => ({ p_turn: aTurn({ session_id: owned.sessionId }) })],
    ["begin_turn", () => ({ p_turn: aTurn({ user_id: owned.userId }) })],
    ["begin_turn", () => ({ p_turn: aTurn({ request_id: owned.turnId }) })],
    ["quota_today", () => ({ p_user_id: owned.userId })],
  ] as const)("%s is no way to it", async (name, parameters) => {
    await database.sql`select public.open_turns_to_users()`;
    const before = await everything();
    const answer = await database.clients.asUser(stranger.accessToken).rpc(name, parameters());
    expect(answer.error?.code).toMatch(/^PT40[349]$/);
    expectNothingOfTheOwner(answer);
    expect(await everything()).toEqual(before);
    await database.sql`select public.close_turns_to_users()`;
  });
});

const aTurn = (changes: Record<string, unknown>) => ({
  request_id: randomUUID(),
  settle_hash: "ab".repeat(32),
  tier: "smart",
  daily_limit: 10,
  ...changes,
});
