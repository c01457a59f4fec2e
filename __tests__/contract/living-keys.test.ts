import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ApiAnswer, type ApiClient, apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let owner: TestUser;
let admin: TestUser;
let gateway: TestGateway;
/** Another process on the same database. */
let elsewhere: TestGateway;
let call: ApiClient;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  [owner, admin] = await Promise.all([database.signUp(), database.signUp()]);
  const settings = {
    MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }),
    ADMIN_USER_IDS: admin.userId,
    ENABLE_OPENAI_PROXY: "true",
  };
  [gateway, elsewhere] = await Promise.all([
    startTestGateway({ database, settings }),
    startTestGateway({ database, settings }),
  ]);
  call = apiClient(() => gateway.gateway);
}, 30_000);
afterAll(async () => {
  await Promise.all([gateway.stop(), elsewhere.stop()]);
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  await database.sql`delete from gateway_keys`;
});

async function create(body: object = {}, by = owner): Promise<{ id: string; key: string }> {
  const answer = await call("POST", "/api/keys", by.accessToken, { name: "k", ...body });
  expect(answer.status).toBe(201);
  return { id: String(answer.body["id"]), key: String(answer.body["key"]) };
}

const change = (id: string, body: unknown, by = owner): Promise<ApiAnswer> =>
  call("PATCH", `/api/keys/${id}`, by.accessToken, body);
const rotate = (id: string, body?: unknown, by = owner): Promise<ApiAnswer> =>
  call("POST", `/api/keys/${id}/rotate`, by.accessToken, body);
const open = (id: string, by = owner): Promise<ApiAnswer> => call("GET", `/api/keys/${id}`, by.accessToken);

/** The status with which a message with this key is answered, and the error's message. */
async function use(key: string, via = gateway): Promise<[number, string?]> {
  const { status, raw } = await via.ask(key, { message: "Hi", model: "smart" });
  if (status === 200) return [200];
  return [status, (JSON.parse(raw) as { error: { message: string } }).error.message];
}
const statusOf = async (key: string, via = gateway): Promise<number> => (await use(key, via))[0];
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

/** What the refresh of another process does with what the database tells it. */
async function refresh(cursor: string | null): Promise<string> {
  const { data } = await database.clients.asService().rpc("gateway_keys_changed_since", { p_cursor: cursor });
  const told = data as { cursor: string; ids: string[]; all: boolean };
  elsewhere.gateway.authenticator.keysChanged(told.all ? "all" : told.ids);
  return told.cursor;
}

describe("a key that expires", () => {
  test("works until that second, also from the cache, and its holder is told", async () => {
    const { id, key } = await create({ expiresAt: inSeconds(1.5) });
    expect(await statusOf(key)).toBe(200);
    expect((await open(id)).body).toMatchObject({ expiresAt: expect.stringMatching(/Z$/) });
    await sleep(1_600);
    for (const _ of [1, 2])
      expect(await use(key)).toEqual([401, expect.stringContaining("has expired at 20")]);
    expect(await use(`${key.slice(0, -1)}x`)).toEqual([401, expect.stringContaining("not valid")]);
  });

  test("lives on when it is given a later end, or none", async () => {
    const { id, key } = await create({ expiresAt: inSeconds(1) });
    await sleep(1_100);
    expect(await statusOf(key)).toBe(401);
    expect((await change(id, { expiresAt: inSeconds(60) })).status).toBe(200);
    expect(await statusOf(key)).toBe(200);
    expect((await change(id, { expiresAt: null })).body).toMatchObject({ expiresAt: null });
    expect(await statusOf(key)).toBe(200);
  });

  test("takes its time in any zone, and shows it in UTC", async () => {
    const { id } = await create({ expiresAt: "2099-01-01T02:00:00+02:00" });
    expect((await open(id)).body).toMatchObject({ expiresAt: "2099-01-01T00:00:00.000Z" });
    expect((await change(id, { expiresAt: "2001-01-01T00:00:00Z" })).status).toBe(400);
  });

  test("does not count among a user's hundred", async () => {
    await database.sql`
      insert into gateway_keys (user_id, name, key_hash, prefix, expires_at)
      select ${owner.userId}, 'k', encode(sha256(convert_to(n::text, 'UTF8')), 'hex'), 'sk-sarmalink-', now()
      from generate_series(1, 100) n`;
    const { id } = await create();
    await database.sql`update gateway_keys set expires_at = null where name = 'k' and id <> ${id} and id in (
      select id from gateway_keys where id <> ${id} order by id limit 99)`;
    const [expired] = await database.sql`select id from gateway_keys where expires_at is not null`;
    const revived = await change(String(expired?.["id"]), { expiresAt: null });
    expect(revived).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
  });
});

describe("rotating a key", () => {
  test("lets old and new work until the grace is over, under one id and with one count", async () => {
    const { id, key: old } = await create({ requestsPerMinute: 4 });
    await use(old);
    const rotated = await rotate(id, { graceSeconds: 2 });
    expect(rotated.status).toBe(200);
    const { key, ...shown } = rotated.body;
    expect(key).toMatch(/^sk-sarmalink-[0-9a-f]{64}$/);
    expect(shown).toMatchObject({
      id,
      prefix: String(key).slice(0, 17),
      requestsPerMinute: 4,
      rotatedAt: expect.any(String),
      previousValidUntil: expect.any(String),
    });
    expect([await statusOf(old), await statusOf(String(key)), await statusOf(old)]).toEqual([200, 200, 200]);
    // One count for both.
    expect([await statusOf(String(key)), await statusOf(old)]).toEqual([429, 429]);
    await sleep(2_100);
    expect(await use(old)).toEqual([401, expect.stringContaining("replaced by a rotation")]);
    expect((await open(id)).body).toMatchObject({ previousValidUntil: null, rotatedAt: shown["rotatedAt"] });
    expect(JSON.stringify((await open(id)).body)).not.toContain(String(key));
  });

  test("has a grace of a day if none is named, and none at all if that is named", async () => {
    const { id, key: first } = await create();
    const second = await rotate(id);
    const until = Date.parse(String(second.body["previousValidUntil"]));
    expect(Math.abs(until - Date.now() - 86_400_000)).toBeLessThan(60_000);
    const third = await rotate(id, { graceSeconds: 3_600 });
    // No older secret outlives a newer one.
    expect(Date.parse(String(third.body["previousValidUntil"]))).toBeLessThan(until);
    for (const key of [first, second.body["key"], third.body["key"]])
      expect(await statusOf(String(key))).toBe(200);
    const last = await rotate(id, { graceSeconds: 0 });
    expect(last.body).toMatchObject({ previousValidUntil: null });
    for (const key of [first, second.body["key"], third.body["key"]])
      expect(await statusOf(String(key))).toBe(401);
    expect(await statusOf(String(last.body["key"]))).toBe(200);
  });

  test("stops at ten secrets that are still accepted, and revoking ends them all", async () => {
    const { id, key } = await create();
    for (let count = 0; count < 10; count++) expect((await rotate(id)).status).toBe(200);
    expect((await rotate(id)).status).toBe(409);
    expect(await statusOf(key)).toBe(200);
    await call("DELETE", `/api/keys/${id}`, owner.accessToken);
    expect(await use(key)).toEqual([401, expect.stringContaining("not valid")]);
  });

  test.each([
    ["a negative grace", { graceSeconds: -1 }],
    ["more than 30 days", { graceSeconds: 30 * 86_400 + 1 }],
    ["half a second", { graceSeconds: 0.5 }],
    ["a misspelt field", { grace: 1 }],
  ])("%s is 400, and the secret stays", async (_, body) => {
    const { id, key } = await create();
    expect((await rotate(id, body)).status).toBe(400);
    expect(await statusOf(key)).toBe(200);
    expect((await open(id)).body).toMatchObject({ rotatedAt: null });
  });

  test("a key that is revoked or has expired is not rotated", async () => {
    const { id } = await create();
    await database.sql`update gateway_keys set expires_at = now()`;
    expect(await rotate(id)).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
    await call("DELETE", `/api/keys/${id}`, owner.accessToken);
    expect((await rotate(id)).status).toBe(409);
    expect((await change(id, { name: "x" })).status).toBe(409);
  });

  test("the local key neither expires nor rotates, and may be limited", async () => {
    const key = await createKey(database, owner.userId);
    await database.sql`update gateway_keys set seeded = true`;
    const [row] = await database.sql`select id from gateway_keys`;
    const id = String(row?.["id"]);
    expect((await rotate(id)).status).toBe(409);
    expect((await change(id, { expiresAt: inSeconds(60) })).status).toBe(409);
    expect((await change(id, { requestsPerMinute: 1 })).status).toBe(200);
    expect([await statusOf(key), await statusOf(key)]).toEqual([200, 429]);
  });
});

describe("changing a key", () => {
  test("changes what is named, takes limits away with null, and holds at once", async () => {
    const { id, key } = await create({ requestsPerMinute: 1, usdPerMonth: 5, modes: ["smart"] });
    const renamed = await change(id, { name: "new", requestsAtOnce: 3 });
    expect(renamed).toMatchObject({
      status: 200,
      body: { name: "new", requestsAtOnce: 3, requestsPerMinute: 1, usdPerMonth: 5, modes: ["smart"] },
    });
    expect([await statusOf(key), await statusOf(key)]).toEqual([200, 429]);
    const freed = await change(id, { requestsPerMinute: null, requestsAtOnce: null, usdPerMonth: null });
    expect(freed.body).toMatchObject({ requestsPerMinute: null, requestsAtOnce: null, usdPerMonth: null });
    expect(await statusOf(key)).toBe(200);
    await change(id, { modes: ["fast"] });
    expect(await statusOf(key)).toBe(403);
    await change(id, { modes: null });
    expect(await statusOf(key)).toBe(200);
    expect((await change(id, { usdPerMonth: 7 })).body).toHaveProperty("budget");
  });

  test.each([
    ["nothing", {}],
    ["a limit of nothing", { requestsPerMinute: 0 }],
    ["an unknown field", { key: "sk-mine" }],
    ["an owner", { userId: randomUUID() }],
    ["no name", { name: null }],
    ["a past end", { expiresAt: "2020-01-01T00:00:00Z" }],
  ])("%s is 400", async (_, body) => {
    const { id } = await create();
    expect(await change(id, body)).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request" } },
    });
  });
});

describe("administrators", () => {
  test("see, make, change, rotate and revoke everybody's keys, and it is kept who did it", async () => {
    const made = await create({ userId: owner.userId, name: "theirs" }, admin);
    expect((await open(made.id)).body).toMatchObject({ userId: owner.userId, name: "theirs" });
    expect((await change(made.id, { name: "renamed" }, admin)).body).toMatchObject({ name: "renamed" });
    const rotated = await rotate(made.id, { graceSeconds: 0 }, admin);
    expect([await statusOf(made.key), await statusOf(String(rotated.body["key"]))]).toEqual([401, 200]);
    await change(made.id, { name: "mine" });
    expect((await call("DELETE", `/api/keys/${made.id}`, admin.accessToken)).status).toBe(204);
    const { body } = await open(made.id);
    const actions = body["adminActions"] as { action: string; actorId: string }[];
    expect(actions.map(({ action }) => action)).toEqual(["revoke", "rotate", "change", "create"]);
    expect(new Set(actions.map(({ actorId }) => actorId))).toEqual(new Set([admin.userId]));
  });

  test("list the keys of all users in pages, or of one", async () => {
    for (const by of [owner, admin, owner, admin, owner])
      await create({ name: by === admin ? "a" : "o" }, by);
    const names: unknown[] = [];
    let cursor = "";
    let pages = 0;
    do {
      const { status, body } = await call("GET", `/api/keys?all=true&limit=2${cursor}`, admin.accessToken);
      expect(status).toBe(200);
      names.push(...(body["keys"] as { name: string }[]).map(({ name }) => name));
      cursor = body["nextCursor"] === undefined ? "" : `&cursor=${String(body["nextCursor"])}`;
      pages++;
    } while (cursor !== "");
    expect([names, pages]).toEqual([["o", "a", "o", "a", "o"], 3]);
    const one = await call("GET", `/api/keys?user_id=${owner.userId}`, admin.accessToken);
    expect((one.body["keys"] as { userId: string }[]).map(({ userId }) => userId)).toEqual(
      Array.from({ length: 3 }, () => owner.userId),
    );
    const own = await call("GET", "/api/keys", admin.accessToken);
    expect(own.body["keys"]).toHaveLength(2);
  });

  test.each([
    ["a broken cursor", "?all=true&cursor=x", 400],
    ["a page of nothing", "?all=true&limit=0", 400],
    ["a user who is none", "?user_id=me", 400],
    ["a user whom nobody knows", `?user_id=${randomUUID()}`, 200],
  ])("%s", async (_, query, status) => {
    expect((await call("GET", `/api/keys${query}`, admin.accessToken)).status).toBe(status);
  });

  test("make no key for a user who does not exist", async () => {
    const made = await call("POST", "/api/keys", admin.accessToken, { name: "k", userId: randomUUID() });
    expect(made).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
  });

  test("are those of the configuration alone", async () => {
    const { id } = await create({}, admin);
    for (const answer of [
      await open(id),
      await change(id, { name: "x" }),
      await rotate(id),
      await call("DELETE", `/api/keys/${id}`, owner.accessToken),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    }
    expect((await call("GET", "/api/keys?all=true", owner.accessToken)).status).toBe(403);
    expect((await open(id, admin)).body).toMatchObject({ name: "k", revokedAt: null, rotatedAt: null });
  });
});

describe("another process learns with its next refresh", () => {
  test.each<[string, (id: string) => Promise<unknown>, number]>([
    ["that a key is revoked", (id) => call("DELETE", `/api/keys/${id}`, owner.accessToken), 401],
    ["that a key is rotated without a grace", (id) => rotate(id, { graceSeconds: 0 }), 401],
    ["that a key is limited", (id) => change(id, { modes: ["fast"] }), 403],
    [
      "that a grace is ended",
      async (id) => {
        await rotate(id);
        await rotate(id, { graceSeconds: 0 });
      },
      401,
    ],
    ["that a user is gone", () => database.sql`delete from gateway_keys`, 401],
    [
      "that a key expires",
      async (id) => {
        await change(id, { expiresAt: inSeconds(0.3) });
        await sleep(400);
      },
      401,
    ],
  ])("%s", async (_, changeIt, status) => {
    const { id, key } = await create();
    const cursor = await refresh(null);
    expect(await statusOf(key, elsewhere)).toBe(200);
    await changeIt(id);
    await refresh(cursor);
    expect(await statusOf(key, elsewhere)).toBe(status);
  });

  test("the new secret works there at once, and the old one in its grace", async () => {
    const { id, key } = await create();
    expect(await statusOf(key, elsewhere)).toBe(200);
    const rotated = await rotate(id);
    const both = [String(rotated.body["key"]), key];
    for (const one of both) {
      for (const via of [gateway, elsewhere]) expect(await statusOf(one, via)).toBe(200);
    }
  });

  test("nothing of a key that has not changed", async () => {
    const { id } = await create();
    const cursor = await refresh(null);
    const since = async (from: string) =>
      (await database.clients.asService().rpc("gateway_keys_changed_since", { p_cursor: from })).data as {
        ids: string[];
        all: boolean;
        cursor: string;
      };
    await database.sql`update gateway_keys set last_used_at = now()`;
    expect(await since(cursor)).toMatchObject({ ids: [], all: false });
    // A change that becomes visible later than a younger one is not missed.
    const late = await database.sql.reserve();
    await late`begin`;
    await late`update gateway_keys set modes = array['fast'] where id = ${id}`;
    const other = await create();
    await change(other.id, { requestsAtOnce: 1 });
    const first = await since(cursor);
    expect(first.ids).toEqual([other.id]);
    await late`commit`;
    late.release();
    expect((await since(first.cursor)).ids).toContain(id);
    for (const strange of ["", "x", "-1", "999999999999999999", "9".repeat(40)]) {
      expect(await since(strange)).toMatchObject({ ids: [], all: true });
    }
  });
});
