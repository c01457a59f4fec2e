import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { quotaSchema } from "#lib/apis/native/quota-answer-schema.ts";
import { apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let other: TestUser;
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  [user, other] = await Promise.all([database.signUp(), database.signUp()]);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
});

/** A mode's own engine and limits; without an engine it borrows another mode's. */
type ModeSetting = { engine?: boolean; perUserDailyLimit?: number; totalDailyCapacity?: number };

const EVERY_MODE = Object.fromEntries(MODE_IDS.map((mode) => [mode, { engine: true }]));

async function start(modes: Partial<Record<ModeId, ModeSetting>> = EVERY_MODE, settings: Settings = {}) {
  const config = {
    extends: "default",
    providers: [{ id: "mine", baseUrl: `${upstream.origin}/v1` }],
    modes: Object.fromEntries(
      Object.entries(modes).map(([mode, { engine, ...limits }]) => [
        mode,
        { ...limits, ...(engine === true ? { failover: [{ provider: "mine", model: mode }] } : {}) },
      ]),
    ),
  };
  const gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: JSON.stringify(config), ...settings },
  });
  open.push(gateway);
  const call = apiClient(() => gateway.gateway);
  return {
    gateway,
    get: (credential = user.accessToken, query = "") => call("GET", `/api/v1/quota${query}`, credential),
    say: async (model: ModeId, credential = user.accessToken) => {
      const answer = await gateway.ask(credential, { message: "Hi", model });
      await gateway.settled();
      return answer;
    },
  };
}

const count = (userId: string, tier: string, used: number) => database.sql`
  insert into public.ai_quota_counters (user_id, tier, day, used)
  values (${userId}, ${tier}, (now() at time zone 'UTC')::date, ${used})`;
type Row = { mode: string; used: number; limit: number; remaining: number; capacity: number };
const rowOf = (body: Record<string, unknown>, whose: "user" | "company", mode: string): Row | undefined =>
  (body[whose] as { modes: Row[] }).modes.find((row) => row.mode === mode);

describe("the caller's quota", () => {
  test("is by mode, of this UTC day, until it resets", async () => {
    const { get, say } = await start({
      ...EVERY_MODE,
      smart: { engine: true, perUserDailyLimit: 7, totalDailyCapacity: 70 },
    });
    const before = rowOf((await get()).body, "company", "smart")?.used ?? 0;
    await say("smart");
    await say("smart");
    await say("coder");
    await say("smart", other.accessToken);
    await count(other.userId, "fast", 5);
    await database.sql`insert into public.ai_quota_counters (user_id, tier, day, used)
      values (${user.userId}, 'fast', (now() at time zone 'UTC')::date - 1, 9)`;
    const { status, body } = await get();
    const today = new Date().toISOString().slice(0, 10);
    expect(status).toBe(200);
    expect(body).toEqual({
      day: today,
      resetsAt: new Date(Date.parse(today) + 86_400_000).toISOString(),
      user: { modes: expect.any(Array) },
      company: { modes: expect.any(Array) },
    });
    for (const whose of ["user", "company"] as const) {
      expect((body[whose] as { modes: Row[] }).modes.map(({ mode }) => mode)).toEqual(MODE_IDS);
    }
    expect(rowOf(body, "user", "smart")).toEqual({ mode: "smart", used: 2, limit: 7, remaining: 5 });
    expect(rowOf(body, "user", "coder")).toMatchObject({ used: 1 });
    expect(rowOf(body, "user", "fast")).toMatchObject({ used: 0 });
    expect(rowOf(body, "company", "smart")).toEqual({ mode: "smart", used: before + 3, capacity: 70 });
  });

  test("has nothing left, not less, after the operator has lowered a limit", async () => {
    await count(user.userId, "smart", 9);
    const { get, say } = await start({ smart: { engine: true, perUserDailyLimit: 4 } });
    expect(rowOf((await get()).body, "user", "smart")).toMatchObject({ used: 9, limit: 4, remaining: 0 });
    expect((await say("smart")).status).toBe(429);
  });

  test("of a mode that borrows engines is that of the mode in which its turns count", async () => {
    const { get, say } = await start({ fast: { engine: true, perUserDailyLimit: 3 } });
    await say("coder");
    const { body } = await get();
    const counted = { used: 1, limit: 3, remaining: 2 };
    expect(rowOf(body, "user", "fast")).toEqual({ mode: "fast", ...counted });
    expect(rowOf(body, "user", "coder")).toEqual({ mode: "coder", ...counted, countsIn: "fast" });
    expect(quotaSchema.parse(body)).toEqual(body);
    expect(rowOf(body, "company", "coder")).toMatchObject({ countsIn: "fast" });
  });

  test("is there without any engine", async () => {
    const { get } = await start({}, { ENABLE_SANDBOX: "off" });
    const { status, body } = await get();
    expect(status).toBe(200);
    expect(rowOf(body, "user", "smart")).toEqual({ mode: "smart", used: 0, limit: 1_000, remaining: 1_000 });
  });

  test("is the owner's for a gateway key, in the modes that the key may use", async () => {
    const { get, say } = await start();
    await say("smart");
    const whole = await get(await createKey(database, user.userId));
    expect(whole.body).toEqual((await get()).body);
    const limited = await get(await createKey(database, user.userId, { modes: ["smart", "named"] }));
    expect(limited.body["user"]).toEqual({ modes: [rowOf(whole.body, "user", "smart")] });
    expect(limited.body["company"]).toEqual({ modes: [rowOf(whole.body, "company", "smart")] });
  });

  test("needs no service role", async () => {
    const { get } = await start(EVERY_MODE, { SUPABASE_SERVICE_ROLE_KEY: "" });
    await count(user.userId, "smart", 3);
    expect(rowOf((await get()).body, "user", "smart")).toMatchObject({ used: 3 });
  });

  test("of an account that was deleted meanwhile is 401", async () => {
    const { get } = await start();
    await database.sql`delete from auth.users where id = ${user.userId}`;
    expect(await get()).toMatchObject({ status: 401, body: { error: { code: "unauthorized" } } });
  });

  test("is 503 while the database is away", async () => {
    const { get } = await start(EVERY_MODE, { NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" });
    expect(await get()).toMatchObject({ status: 503, body: { error: { code: "database_unavailable" } } });
  });
});

describe("the quota of another user", () => {
  /** Who asks, and whether that is an admin. `arrange` returns the settings and the credential. */
  const CALLERS: readonly {
    who: string;
    arrange: () =>
      | Promise<{ settings: Settings; credential: string }>
      | { settings: Settings; credential: string };
    status: 200 | 403;
  }[] = [
    {
      who: "an admin by id",
      arrange: () => ({
        settings: { ADMIN_USER_IDS: ` ${randomUUID()}, ${user.userId.toUpperCase()} ` },
        credential: user.accessToken,
      }),
      status: 200,
    },
    {
      who: "an admin by confirmed e-mail address",
      arrange: async () => {
        await confirm(user, true);
        return {
          settings: { ADMIN_EMAILS: `x@example.test,${user.email.toUpperCase()}` },
          credential: user.accessToken,
        };
      },
      status: 200,
    },
    {
      who: "a user whose e-mail address is listed and not confirmed",
      arrange: async () => {
        await confirm(user, false);
        return { settings: { ADMIN_EMAILS: user.email }, credential: user.accessToken };
      },
      status: 403,
    },
    {
      who: "a user whose listed address is no longer theirs, though their token still says so",
      arrange: async () => {
        await confirm(user, true);
        await database.sql`update auth.users set email = 'new@example.test' where id = ${user.userId}`;
        return { settings: { ADMIN_EMAILS: user.email }, credential: user.accessToken };
      },
      status: 403,
    },
    {
      who: "a gateway key of an admin",
      arrange: async () => ({
        settings: { ADMIN_USER_IDS: user.userId },
        credential: await createKey(database, user.userId),
      }),
      status: 403,
    },
    {
      who: "a user beside the admins",
      arrange: () => ({
        settings: { ADMIN_USER_IDS: randomUUID(), ADMIN_EMAILS: "boss@example.test" },
        credential: user.accessToken,
      }),
      status: 403,
    },
    {
      who: "a user where nobody is an admin",
      arrange: () => ({ settings: {}, credential: user.accessToken }),
      status: 403,
    },
  ];

  const confirm = ({ userId }: TestUser, isConfirmed: boolean) => database.sql`
    update auth.users set email_confirmed_at = ${isConfirmed ? new Date() : null} where id = ${userId}`;

  test.each(CALLERS)("$who: $status", async ({ arrange, status }) => {
    const { settings, credential } = await arrange();
    const { get } = await start(EVERY_MODE, settings);
    await count(other.userId, "smart", 4);
    const answer = await get(credential, `?user_id=${other.userId}`);
    expect(answer.status).toBe(status);
    if (status === 200) expect(rowOf(answer.body, "user", "smart")).toMatchObject({ used: 4 });
    else expect(answer.body).toMatchObject({ error: { code: "forbidden" } });
    // Nobody but an admin learns whether there is such a user.
    const unknown = await get(credential, `?user_id=${randomUUID()}`);
    expect(unknown.status).toBe(status === 200 ? 404 : 403);
    for (const bad of ["", "x", "1;drop", `${other.userId}0`]) {
      expect((await get(credential, `?user_id=${bad}`)).status).toBe(status === 200 ? 400 : 403);
    }
    // One's own id is no other's.
    expect((await get(credential, `?user_id=${user.userId.toUpperCase()}`)).status).toBe(200);
    expect((await get(credential, `?user_id=${user.userId}&user_id=${other.userId}`)).status).toBe(400);
  });

  test("is 503 without a service role, which it needs", async () => {
    const settings = { ADMIN_USER_IDS: user.userId, SUPABASE_SERVICE_ROLE_KEY: "" };
    const { get } = await start(EVERY_MODE, settings);
    expect(await get(user.accessToken, `?user_id=${other.userId}`)).toMatchObject({
      status: 503,
      body: {
        error: { code: "not_configured", message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY") },
      },
    });
  });

  test("is not in the database for them either", async () => {
    const asUser = database.clients.asUser(user.accessToken);
    const ask = async (id: string) => (await asUser.rpc("quota_today", { p_user_id: id })).error?.code;
    expect([await ask(other.userId), await ask(user.userId)]).toEqual(["PT403", undefined]);
    expect((await database.clients.asAnonymous().rpc("quota_today", {})).error?.code).toBe("42501");
    expect((await database.clients.asService().rpc("quota_today", {})).error?.code).toBe("PT403");
  });
});

describe("a turn past the limit", () => {
  test("is 429, and says when the next day begins", async () => {
    const { say } = await start({ smart: { engine: true, perUserDailyLimit: 1 } });
    expect((await say("smart")).done).toBeDefined();
    const refused = await say("smart");
    expect(refused.status).toBe(429);
    const untilMidnight = 86_400 - (Math.floor(Date.now() / 1_000) % 86_400);
    const retryAfter = Number(refused.headers.get("retry-after"));
    expect(Math.abs(retryAfter - untilMidnight)).toBeLessThanOrEqual(5);
    expect(JSON.parse(refused.raw)).toMatchObject({
      error: { code: "quota_exceeded", details: { tier: "smart", limit: 1, remaining: 0 } },
    });
  });
});
