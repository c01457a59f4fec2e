import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createSupabaseTurnStore } from "#lib/adapters/supabase/turn-store.ts";
import { createLedger } from "#lib/server/wiring/ledger.ts";
import { BeginQueue, type BeginQueueOptions } from "#lib/services/ledger/begin-queue.ts";
import { type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { eventually, modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway | undefined;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("An answer.", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  });
}, 30_000);
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  [user, other] = [await database.signUp(), await database.signUp()];
});
afterEach(() => gateway?.stop());

const message = { message: "Hi", model: "smart" };

/** A gateway whose mode `smart` has these limits, and which lets turns begin as these numbers say. */
async function start(
  limits: { perUserDailyLimit?: number; totalDailyCapacity?: number },
  begins: Partial<BeginQueueOptions> = {},
): Promise<TestGateway> {
  const config = JSON.parse(modelsConfig({ own: `${upstream.origin}/v1` }));
  Object.assign(config.modes.smart, limits);
  const timeoutMs = begins.maxTotalMs ?? 120_000;
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: JSON.stringify(config) },
    makers: {
      createLedger: (parts) => ({
        ...createLedger(parts),
        turns: createSupabaseTurnStore({ clients: parts.clients, now: Date.now, beginTimeoutMs: timeoutMs }),
        begins: new BeginQueue({
          ...{
            clock: parts.clock,
            maxRunning: 16,
            maxWaiting: 1_000,
            maxWaitMs: timeoutMs,
            maxTotalMs: timeoutMs,
          },
          ...begins,
        }),
      }),
    },
  });
  return gateway;
}

const rows = (who = user) => database.sql`
  select status from public.ai_chat_usage where user_id = ${who.userId}`;
const used = async (who = user) =>
  (await database.sql`select used from public.ai_quota_counters where user_id = ${who.userId}`)[0]?.["used"];

/** Nothing can be counted until the function is called that this returns. */
async function holdCounters(): Promise<() => Promise<unknown>> {
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const lock = database.sql.begin(async (transaction) => {
    await transaction`lock table public.ai_quota_counters in access exclusive mode`;
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  return () => {
    held.resolve();
    return lock;
  };
}

test("of 500 turns at once, with a limit of 100, exactly 100 are answered", async () => {
  const { ask, settled } = await start({ perUserDailyLimit: 100 });
  const answers = await Promise.all(Array.from({ length: 500 }, () => ask(user.accessToken, message)));
  await settled();
  expect(answers.filter(({ done }) => done !== undefined)).toHaveLength(100);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(400);
  expect((await rows()).map(({ status }) => status)).toEqual(Array(100).fill("completed"));
  expect(await used()).toBe(100);
  const kept = await database.sql`select 1 from public.ai_chat_sessions where user_id = ${user.userId}`;
  expect(kept).toHaveLength(50);
}, 180_000);

test("the company's capacity is used up by all users together, and says so", async () => {
  const { ask } = await start({ perUserDailyLimit: 50, totalDailyCapacity: 2 });
  await database.sql`delete from public.ai_capacity_counters`;
  expect((await ask(user.accessToken, message)).done?.usage).toBe(1);
  expect((await ask(other.accessToken, message)).done?.usage).toBe(1);
  const refused = await ask(other.accessToken, message);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(JSON.parse(refused.raw).error).toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("all users"),
    details: { tier: "smart", limit: 2, remaining: 0, scope: "company" },
  });
  expect(await rows(other)).toHaveLength(1);
});

test("more turns than may wait are 503 with Retry-After; nothing of them is stored or counted", async () => {
  const { ask, settled } = await start({}, { maxRunning: 1, maxWaiting: 3 });
  const goOn = await holdCounters();
  const answers = Array.from({ length: 10 }, () => ask(user.accessToken, message));
  const first = await Promise.race(answers);
  expect(first.status).toBe(503);
  expect(Number(first.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(JSON.parse(first.raw).error).toMatchObject({ code: "database_unavailable" });
  // Somebody with fewer is not refused for the others' sake.
  const theirs = ask(other.accessToken, message);
  await eventually("it waits in place of one of theirs", async () => {
    const settledSoFar = await Promise.all(answers.map((one) => Promise.race([one, undefined])));
    return settledSoFar.filter((one) => one?.status === 503).length === 7;
  });
  await goOn();
  expect((await theirs).done).toBeDefined();
  const statuses = (await Promise.all(answers)).map(({ status }) => status).sort();
  await settled();
  expect(statuses).toEqual([...Array(3).fill(200), ...Array(7).fill(503)]);
  expect((await rows()).map(({ status }) => status)).toEqual(Array(3).fill("completed"));
  expect(await used()).toBe(3);
});

test("a turn that has waited too long is 503 with Retry-After, and never begins", async () => {
  const { ask, settled } = await start({}, { maxRunning: 1, maxWaitMs: 200, maxTotalMs: 20_000.5 });
  const goOn = await holdCounters();
  const answers = [ask(user.accessToken, message), ask(user.accessToken, message)];
  // Whichever comes second has to wait.
  const refused = await Promise.race(answers);
  await goOn();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect((await Promise.all(answers)).filter(({ done }) => done !== undefined)).toHaveLength(1);
  await settled();
  expect(await rows()).toHaveLength(1);
});

test("a client that leaves while its turn waits is not begun, and one whose turn begins is closed", async () => {
  const { ask, settled } = await start({}, { maxRunning: 1 });
  const goOn = await holdCounters();
  const clients = [new AbortController(), new AbortController()];
  const answers = clients.map(({ signal }) =>
    ask(user.accessToken, message, { signal }).catch(() => undefined),
  );
  await eventually("the first one is in the database", async () => {
    const waiting = await database.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'`;
    return waiting.length > 0;
  });
  for (const client of clients.toReversed()) client.abort();
  await Promise.all(answers);
  await goOn();
  await settled();
  await eventually(
    "nothing stays started",
    async () => (await rows()).every(({ status }) => status === "failed"),
    15_000,
  );
  expect((await rows()).length).toBeLessThanOrEqual(1);
  expect((await used()) ?? 0).toBe(0);
  expect((await ask(user.accessToken, message)).done?.usage).toBe(1);
}, 30_000);
