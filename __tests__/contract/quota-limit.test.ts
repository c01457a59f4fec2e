import { afterAll, beforeAll, expect, test } from "vitest";
import { apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import type { NativeAnswer } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const LIMIT = 100;
const TURNS = 500;

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }, { limit: LIMIT }) },
  });
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

/** How often each status came. */
function tally(statuses: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** As SDKs do: a gateway that is too busy says so (503), has counted nothing, and is asked again. */
async function askAgainWhileBusy(user: TestUser): Promise<NativeAnswer> {
  while (true) {
    const answer = await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
    if (answer.status !== 503) return answer;
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function usedBy(user: TestUser): Promise<unknown> {
  const call = apiClient(() => gateway.gateway);
  const { body } = await call("GET", "/api/v1/quota", user.accessToken);
  return (body["user"] as { modes: { mode: string }[] }).modes.find(({ mode }) => mode === "smart");
}

test(`of ${TURNS} turns of one user at once, at a limit of ${LIMIT}, exactly ${LIMIT} pass`, async () => {
  const user = await database.signUp();
  const answered = await Promise.all(Array.from({ length: TURNS }, () => askAgainWhileBusy(user)));
  await gateway.settled();
  expect(tally(answered.map(({ status }) => status))).toEqual({ 200: LIMIT, 429: TURNS - LIMIT });
  expect(answered.filter(({ done }) => done !== undefined)).toHaveLength(LIMIT);
  for (const { status, headers, raw } of answered) {
    if (status !== 429) continue;
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(JSON.parse(raw)).toMatchObject({ error: { code: "quota_exceeded", details: { remaining: 0 } } });
  }
  expect(upstream.requests).toHaveLength(LIMIT);
  expect(await usedBy(user)).toEqual({ mode: "smart", used: LIMIT, limit: LIMIT, remaining: 0 });
  // What was refused left nothing behind.
  const turns = await database.sql`select status from public.ai_chat_usage where user_id = ${user.userId}`;
  expect(tally(turns.map(({ status }) => status))).toEqual({ completed: LIMIT });
}, 60_000);

test("a turn that delivers nothing gives its unit back, and the next one passes", async () => {
  const user = await database.signUp();
  await database.sql`
    insert into public.ai_quota_counters (user_id, tier, day, used)
    values (${user.userId}, 'smart', (now() at time zone 'UTC')::date, ${LIMIT - 1})`;
  upstream.script = (exchange) => exchange.json(400, { error: { message: "no" } });
  const failed = await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
  await gateway.settled();
  expect([failed.status, failed.error?.code]).toEqual([200, "engines_refused"]);
  upstream.script = answers("Answered.");
  const ask = () => gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
  expect((await ask()).done).toMatchObject({ usage: LIMIT });
  expect((await ask()).status).toBe(429);
});
