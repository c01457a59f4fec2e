import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveRoute } from "#lib/server/http/route.ts";
import { keyById, keys } from "#lib/server/routes/keys.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let owner: TestUser;
let other: TestUser;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  owner = await database.signUp();
  other = await database.signUp();
  gateway = await start();
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  await database.sql`delete from gateway_keys`;
});

function start(settings: Settings = {}): Promise<TestGateway> {
  return startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
  });
}

type Answer = { status: number; body: Record<string, unknown>; headers: Headers };

async function call(
  method: string,
  credential: string,
  options: { id?: string; body?: unknown; via?: TestGateway } = {},
): Promise<Answer> {
  const { id, body, via = gateway } = options;
  const route = serveRoute(id === undefined ? keys : keyById, async () => via.gateway);
  const url = `http://gateway.test/api/keys${id === undefined ? "" : `/${id}`}`;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await route(
    new Request(url, {
      method,
      headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: text }),
    }),
    aHost(),
  );
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: answer === "" ? {} : (JSON.parse(answer) as Record<string, unknown>),
  };
}

const create = (body: unknown, via?: TestGateway): Promise<Answer> =>
  call("POST", owner.accessToken, { body, ...(via === undefined ? {} : { via }) });
const list = async (user = owner): Promise<Record<string, unknown>[]> =>
  (await call("GET", user.accessToken)).body["keys"] as Record<string, unknown>[];

describe("creating a key", () => {
  test("shows it once, and it works at once", async () => {
    const made = await create({
      name: " CI ",
      requestsPerMinute: 60,
      usdPerMonth: 12.5,
      modes: ["smart", "named", "smart"],
    });
    expect(made.status).toBe(201);
    expect(made.headers.get("cache-control")).toContain("no-store");
    expect(made.body).toEqual({
      key: expect.stringMatching(/^sk-sarmalink-[0-9a-f]{64}$/),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "CI",
      prefix: String(made.body["key"]).slice(0, 17),
      requestsPerMinute: 60,
      usdPerMonth: 12.5,
      modes: ["smart", "named"],
      userId: owner.userId,
      requestsAtOnce: null,
      expiresAt: null,
      rotatedAt: null,
      previousValidUntil: null,
      lastUsedAt: null,
      revokedAt: null,
      requestsToday: 0,
      spentUsdToday: 0,
      spentUsdThisMonth: 0,
      inFlight: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      budget: {
        countedProviders: [],
        freeProviders: ["only"],
        countedModels: expect.arrayContaining(["claude-opus-4-7"]),
        note: expect.stringContaining("PAID_PROVIDERS"),
      },
    });
    const answer = await gateway.ask(String(made.body["key"]), { message: "Hi", model: "smart" });
    expect(answer.status).toBe(200);
    await gateway.settled();
    const { key, budget: _, ...rest } = made.body;
    expect(await list()).toEqual([{ ...rest, requestsToday: 1, lastUsedAt: expect.any(String) }]);
    expect(JSON.stringify(await list())).not.toContain(String(key));
  });

  test("stores its digest only", async () => {
    const { body } = await create({ name: "one" });
    const secret = String(body["key"]).slice(17);
    const [row] = await database.sql`select to_jsonb(gateway_keys)::text as text from gateway_keys`;
    expect(row?.["text"]).not.toContain(secret);
  });

  test("without limits means no limits", async () => {
    const { body } = await create({ name: "one", requestsPerMinute: null });
    expect(body).toMatchObject({ requestsPerMinute: null, usdPerMonth: null, modes: null });
    expect(body).not.toHaveProperty("budget");
  });

  test("with a budget says whose calls count against it, and whose are taken to be free", async () => {
    const keysOf = { OPENAI_API_KEY: "k", GROQ_API_KEY: "k", MISTRAL_API_KEY: "k", OPENROUTER_API_KEY: "k" };
    const configured = await start({ ...keysOf, PAID_PROVIDERS: "groq" });
    const { body } = await create({ name: "one", usdPerMonth: 0 }, configured);
    await configured.stop();
    expect(body["budget"]).toMatchObject({
      // OpenRouter's answers say what they cost.
      countedProviders: ["openai", "groq", "openrouter"],
      freeProviders: ["mistral", "only"],
    });
  });

  test("in the sandbox, no provider is counted or free", async () => {
    const sandbox = await start({ MODELS_CONFIG: "", ENABLE_SANDBOX: "1" });
    const { body } = await create({ name: "one", usdPerMonth: 5 }, sandbox);
    await sandbox.stop();
    expect(body["budget"]).toMatchObject({ countedProviders: [], freeProviders: [] });
  });

  test.each([
    ["no name", {}],
    ["an empty name", { name: "  " }],
    ["a long name", { name: "x".repeat(101) }],
    ["a name with a line break", { name: "a\nb" }],
    ["a name with a NUL", { name: "a\u0000b" }],
    ["a name with half a character", { name: "a\ud800" }],
    ["no requests at all", { name: "a", requestsPerMinute: 0 }],
    ["half a request", { name: "a", requestsPerMinute: 1.5 }],
    ["a limit as text", { name: "a", requestsPerMinute: "60" }],
    ["a negative budget", { name: "a", usdPerMonth: -1 }],
    ["an unknown mode", { name: "a", modes: ["smartest"] }],
    ["no mode at all", { name: "a", modes: [] }],
    ["nothing at once", { name: "a", requestsAtOnce: 0 }],
    ["an end in the past", { name: "a", expiresAt: "2020-01-01T00:00:00Z" }],
    ["an end that is no time", { name: "a", expiresAt: "tomorrow" }],
    ["an end without a zone", { name: "a", expiresAt: "2099-01-01T00:00:00" }],
    ["an end after all times", { name: "a", expiresAt: "9999-12-31T23:59:59-14:00" }],
    ["an end as a number", { name: "a", expiresAt: 4_000_000_000_000 }],
    ["an owner who is none", { name: "a", userId: "me" }],
    ["a misspelt limit", { name: "a", requests_per_minute: 1 }],
    ["an array", []],
    ["no JSON", "{"],
  ])("%s is 400, and nothing is stored", async (_, body) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: "invalid_request" } });
    expect(await list()).toEqual([]);
  });

  test("more than a megabyte is 413", async () => {
    expect((await create({ name: "x".repeat(1024 * 1024) })).status).toBe(413);
  });

  test("stops at a hundred live ones, also when many come at once", async () => {
    await database.sql`
      insert into gateway_keys (user_id, name, key_hash, prefix)
      select ${owner.userId}, 'k', encode(sha256(convert_to(n::text, 'UTF8')), 'hex'), 'sk-sarmalink-'
      from generate_series(1, 97) n`;
    const made = await Promise.all(Array.from({ length: 6 }, () => create({ name: "k" })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409]);
    const refused = made.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      error: { code: "conflict", message: expect.stringContaining("Revoke") },
    });
    const [first] = await list();
    expect((await call("DELETE", owner.accessToken, { id: String(first?.["id"]) })).status).toBe(204);
    expect((await create({ name: "k" })).status).toBe(201);
  });

  test("for a user who was deleted meanwhile is 401", async () => {
    const gone = await database.signUp();
    await database.sql`delete from auth.users where id = ${gone.userId}`;
    expect((await call("POST", gone.accessToken, { body: { name: "k" } })).status).toBe(401);
  });
});

describe("the list", () => {
  test("shows what each key has spent this month, and not what it spent before", async () => {
    const first = await create({ name: "first" });
    const second = await create({ name: "second" });
    const spend = (id: unknown, month: string, usd: string) => database.sql`
      insert into gateway_key_spend (key_id, month, usd)
      values (${String(id)}, (date_trunc('month', now() at time zone 'UTC') + ${month}::interval)::date, ${usd})`;
    await spend(first.body["id"], "0 months", "1.25");
    await spend(first.body["id"], "-1 month", "100");
    const spent = Object.fromEntries((await list()).map((key) => [key["name"], key["spentUsdThisMonth"]]));
    expect(spent).toEqual({ first: 1.25, second: 0 });
    expect(second.status).toBe(201);
  });

  test("has live keys first, then the revoked, each newest first", async () => {
    for (const name of ["a", "b", "c"]) await create({ name });
    const [, b] = await list();
    await call("DELETE", owner.accessToken, { id: String(b?.["id"]) });
    expect((await list()).map(({ name }) => name)).toEqual(["c", "a", "b"]);
  });
});

describe("revoking a key", () => {
  test("takes effect at once, stays in the list, and may be repeated", async () => {
    const { body } = await create({ name: "one" });
    const key = String(body["key"]);
    const id = String(body["id"]);
    expect((await gateway.ask(key, { message: "Hi" })).status).toBe(200);
    const revoked = await call("DELETE", owner.accessToken, { id });
    expect(revoked).toMatchObject({ status: 204, body: {} });
    expect((await gateway.ask(key, { message: "Hi" })).status).toBe(401);
    const [before] = await list();
    expect(before?.["revokedAt"]).toEqual(expect.any(String));
    expect((await call("DELETE", owner.accessToken, { id })).status).toBe(204);
    expect(await list()).toEqual([before]);
  });

  test("of somebody else, or of nobody, is 404 and changes nothing", async () => {
    const { body } = await create({ name: "mine" });
    for (const id of [String(body["id"]), randomUUID(), "x"]) {
      const answer = await call("DELETE", other.accessToken, { id });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    }
    expect(await list(other)).toEqual([]);
    expect(await list()).toMatchObject([{ revokedAt: null }]);
  });
});

describe("who manages keys", () => {
  test("a gateway key does not, so that a leaked one cannot outlive itself", async () => {
    const key = await createKey(database, owner.userId);
    for (const [method, options] of [
      ["GET", {}],
      ["POST", { body: { name: "child" } }],
      ["DELETE", { id: randomUUID() }],
    ] as const) {
      const answer = await call(method, key, options);
      expect(answer).toMatchObject({
        status: 403,
        body: { error: { code: "forbidden", message: expect.stringContaining("Sign in") } },
      });
    }
    expect(await list()).toHaveLength(1);
  });

  test("without a service role it is 503, naming the variable", async () => {
    const bare = await start({ SUPABASE_SERVICE_ROLE_KEY: "" });
    for (const [method, options] of [
      ["GET", {}],
      ["POST", { body: { name: "k" } }],
      ["DELETE", { id: randomUUID() }],
    ] as const) {
      const answer = await call(method, owner.accessToken, { ...options, via: bare });
      expect(answer).toMatchObject({
        status: 503,
        body: {
          error: { code: "not_configured", message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY") },
        },
      });
    }
    await bare.stop();
  });
});

describe("native chat", () => {
  test("keeps a key's limits, and counts nothing for what was refused", async () => {
    const key = await createKey(database, owner.userId, { requestsPerMinute: 2, modes: ["smart"] });
    const ask = (model: string) => gateway.ask(key, { message: "Hi", model });
    expect((await ask("fast")).status).toBe(403);
    expect([(await ask("smart")).status, (await ask("smart")).status]).toEqual([200, 200]);
    const calls = upstream.requests.length;
    expect((await ask("smart")).status).toBe(429);
    expect(upstream.requests.length).toBe(calls);
  });

  test("refuses a key whose budget is spent", async () => {
    const key = await createKey(database, owner.userId, { usdPerMonth: 1 });
    await database.sql`
      insert into gateway_key_spend (key_id, month, usd)
      select id, date_trunc('month', now() at time zone 'UTC')::date, 1 from gateway_keys`;
    expect((await gateway.ask(key, { message: "Hi", model: "smart" })).status).toBe(429);
  });
});
