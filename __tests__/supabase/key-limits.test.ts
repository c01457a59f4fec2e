import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSupabaseKeyRegister } from "#lib/adapters/supabase/gateway-key-register.ts";
import { createSupabaseKeyAdmission } from "#lib/adapters/supabase/gateway-key-store.ts";
import type { AskedAdmission, KeyVerdict } from "#lib/services/admission/admission-store.ts";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

const SCRIPT = fileURLToPath(new URL("../support/admit-many.ts", import.meta.url));

let supabase: TestSupabase;
let user: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  user = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  await supabase.sql`delete from gateway_keys`;
  await supabase.sql`delete from ai_instances`;
});

type Columns = { requests_per_minute?: number; requests_at_once?: number; usd_per_month?: number };

async function aKey(limits: Columns = {}): Promise<string> {
  const [made] = await supabase.sql<{ id: string }[]>`
    insert into gateway_keys ${supabase.sql({
      user_id: user.userId,
      name: "k",
      key_hash: randomUUID().replaceAll("-", "").repeat(2),
      prefix: "sk-sarmalink-",
      ...limits,
    })} returning id`;
  return made?.id ?? "";
}

type Asked = Partial<AskedAdmission> & { instanceId?: string };

const store = (instanceId?: string) =>
  createSupabaseKeyAdmission({ clients: supabase.clients, timeoutMs: 10_000, instanceId });
const admit = (keyId: string, { instanceId, ...changes }: Asked = {}): Promise<KeyVerdict> =>
  store(instanceId).admit({
    keyId,
    requestId: randomUUID(),
    inBackground: false,
    maxCostUsd: undefined,
    ended: [],
    ...changes,
  });
const reasonOf = (verdict: KeyVerdict): string => (verdict.admitted ? "admitted" : verdict.reason);
const held = async (): Promise<string[]> =>
  (await supabase.sql<{ request_id: string }[]>`select request_id from gateway_key_holds`).map(
    (row) => row.request_id,
  );

/** How many of so many requests, made at once by two processes, pass a key's limits, and why the others do not. */
async function fromTwoProcesses(
  keyId: string,
  limits: GatewayKeyLimits,
  { count = 100, usd }: { count?: number; usd?: number } = {},
): Promise<Record<string, number>> {
  const { url, publishableKey, secretKey } = supabase;
  const given = [url, publishableKey, secretKey, keyId, String(count), JSON.stringify(limits)];
  const processes = [1, 2].map(() =>
    spawn(process.execPath, [SCRIPT, ...given, ...(usd === undefined ? [] : [String(usd)])], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const lines = processes.map(linesOf);
  for (const reading of lines) expect((await reading.next()).value).toBe("ready");
  for (const { stdin } of processes) stdin?.write("go\n");
  const counts = await Promise.all(
    lines.map(async (reading) => JSON.parse(String((await reading.next()).value)) as Record<string, number>),
  );
  await Promise.all(processes.map(async (one) => one.exitCode ?? (await once(one, "exit"))));
  const sum: Record<string, number> = {};
  for (const one of counts) {
    for (const [name, passed] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + passed;
  }
  return sum;
}

describe("two hundred requests at once, from two processes", () => {
  test.each<[string, Columns, GatewayKeyLimits, number | undefined, Record<string, number>]>([
    [
      "sixty of sixty a minute",
      { requests_per_minute: 60 },
      { requestsPerMinute: 60 },
      undefined,
      { passed: 60, rate_limited: 140 },
    ],
    [
      "seven of seven at once",
      { requests_at_once: 7 },
      { requestsAtOnce: 7 },
      undefined,
      { passed: 7, rate_limited: 193 },
    ],
    [
      "as many as the budget has room for",
      { usd_per_month: 1 },
      { usdPerMonth: 1 },
      0.09,
      { passed: 11, budget_exceeded: 189 },
    ],
    [
      "what all limits allow",
      { usd_per_month: 1, requests_at_once: 30, requests_per_minute: 5 },
      { usdPerMonth: 1, requestsAtOnce: 30, requestsPerMinute: 5 },
      0.09,
      { passed: 5, rate_limited: 195 },
    ],
  ])("let %s through", async (_, columns, limits, usd, expected) => {
    const keyId = await aKey(columns);
    expect(await fromTwoProcesses(keyId, limits, usd === undefined ? {} : { usd })).toEqual(expected);
  });
});

describe("requests a minute", () => {
  test("are counted from the first one on, not by the clock, and then anew", async () => {
    const keyId = await aKey({ requests_per_minute: 2 });
    const first = await admit(keyId);
    expect(first).toMatchObject({ admitted: true, requests: { limit: 2, remaining: 1 } });
    expect(Math.abs((first.requests?.resetMs ?? 0) - 60_000)).toBeLessThan(2_000);
    expect(await admit(keyId)).toMatchObject({ admitted: true, requests: { remaining: 0 } });
    const refused = await admit(keyId);
    expect(refused).toMatchObject({
      admitted: false,
      reason: "requests",
      requests: { limit: 2, remaining: 0 },
    });
    expect(refused).toHaveProperty("retryAfterSeconds", 60);
    const earlier = (seconds: number) => supabase.sql`
      update gateway_key_windows set started_at = started_at - make_interval(secs => ${seconds})`;
    await earlier(50);
    expect(await admit(keyId)).toMatchObject({ reason: "requests", retryAfterSeconds: 10 });
    await earlier(10);
    expect([await admit(keyId), await admit(keyId)].map(reasonOf)).toEqual(["admitted", "admitted"]);
    expect(await admit(keyId)).toMatchObject({ reason: "requests" });
  });

  test("are those of the row: a limit that was raised holds at once", async () => {
    const keyId = await aKey({ requests_per_minute: 1 });
    await admit(keyId);
    expect(await admit(keyId)).toMatchObject({ admitted: false });
    await supabase.sql`update gateway_keys set requests_per_minute = 2`;
    expect(await admit(keyId)).toMatchObject({ admitted: true });
    expect(await admit(keyId)).toMatchObject({ admitted: false });
    await supabase.sql`update gateway_keys set requests_per_minute = null`;
    expect(await admit(keyId)).toEqual({
      admitted: true,
      requests: undefined,
      holds: false,
    });
  });

  test("say what is left of the minute, whichever limit refuses", async () => {
    const keyId = await aKey({ requests_per_minute: 5, requests_at_once: 1, usd_per_month: 1 });
    await admit(keyId, { maxCostUsd: 0.9 });
    const left = { limit: 5, remaining: 4, resetMs: expect.toSatisfy((ms) => ms > 50_000 && ms <= 60_000) };
    expect(await admit(keyId)).toMatchObject({ reason: "at_once", requests: left });
    expect(await admit(keyId, { maxCostUsd: 0.9 })).toMatchObject({ reason: "reserved", requests: left });
    await supabase.sql`update gateway_keys set usd_per_month = 0`;
    expect(await admit(keyId)).toMatchObject({ reason: "budget", requests: left });
  });

  test("do not count what a request holds against itself, if its first answer was lost", async () => {
    const keyId = await aKey({ requests_at_once: 1, usd_per_month: 1 });
    const requestId = randomUUID();
    const asked = { requestId, maxCostUsd: 0.9 };
    expect(await admit(keyId, asked)).toMatchObject({ admitted: true, holds: true });
    expect(await admit(keyId, asked)).toMatchObject({ admitted: true, holds: true });
    expect(await held()).toEqual([requestId]);
    expect(reasonOf(await admit(keyId))).toBe("at_once");
  });

  test("are not waited for longer than the gateway waits: what is lost does not come to hold something later", async () => {
    const keyId = await aKey({ requests_at_once: 1 });
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const { promise: isLocked, resolve: locked } = Promise.withResolvers<void>();
    const holding = supabase.sql.begin(async (sql) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`gateway_key_admit:${keyId}`}, 0))`;
      locked();
      await isOver;
    });
    await isLocked;
    await expect(admit(keyId)).rejects.toMatchObject({ code: "database_unavailable" });
    end();
    await holding;
    expect(await held()).toEqual([]);
  });

  test("are not used up by what another limit refuses, and hold nothing themselves", async () => {
    const keyId = await aKey({ requests_per_minute: 5, requests_at_once: 1 });
    await admit(keyId);
    for (const _ of [1, 2, 3]) expect(reasonOf(await admit(keyId))).toBe("at_once");
    await supabase.sql`delete from gateway_key_holds`;
    expect(await admit(keyId)).toMatchObject({ requests: { remaining: 3 } });
    await supabase.sql`update gateway_keys set requests_at_once = null`;
    await supabase.sql`delete from gateway_key_holds`;
    await admit(keyId);
    expect(await held()).toEqual([]);
  });
});

describe("requests at once", () => {
  test("are free again when they are released, whoever releases them, and how often", async () => {
    const keyId = await aKey({ requests_at_once: 2 });
    const [a, b] = [randomUUID(), randomUUID()];
    await admit(keyId, { requestId: a });
    await admit(keyId, { requestId: b });
    expect(await admit(keyId)).toEqual({ admitted: false, reason: "at_once", retryAfterSeconds: 1 });
    await store().release([a, a, randomUUID()]);
    await store().release([a]);
    expect(reasonOf(await admit(keyId))).toBe("admitted");
    expect(reasonOf(await admit(keyId))).toBe("at_once");
  });

  test("do not count those that have ended where the next one is asked for", async () => {
    const keyId = await aKey({ requests_at_once: 1 });
    const requestId = randomUUID();
    await admit(keyId, { requestId });
    expect(reasonOf(await admit(keyId, { ended: [requestId] }))).toBe("admitted");
    expect(reasonOf(await admit(keyId, { ended: [requestId] }))).toBe("at_once");
  });

  test("are not taken by questions behind an answer", async () => {
    const keyId = await aKey({ requests_at_once: 1, requests_per_minute: 1 });
    for (const _ of [1, 2]) expect(reasonOf(await admit(keyId, { inBackground: true }))).toBe("admitted");
    expect(reasonOf(await admit(keyId))).toBe("admitted");
  });

  const instance = async (seenSecondsAgo: number): Promise<string> => {
    const [row] = await supabase.sql<{ id: string }[]>`
      insert into ai_instances (id, started_at, seen_at)
      values (gen_random_uuid(), now() - interval '1 day', now() - make_interval(secs => ${seenSecondsAgo}))
      returning id`;
    return row?.id ?? "";
  };

  test.each<[string, number | undefined, number, boolean]>([
    ["of a process that is seen count, however old they are", 5, 36_000, true],
    ["of a process that was not seen for a minute do not count", 61, 65, false],
    ["of a process without background work count for a quarter of an hour", undefined, 890, true],
    ["and not for longer", undefined, 910, false],
  ])("%s", async (_, seenSecondsAgo, ageSeconds, counts) => {
    const keyId = await aKey({ requests_at_once: 1 });
    const instanceId = seenSecondsAgo === undefined ? randomUUID() : await instance(seenSecondsAgo);
    await admit(keyId, { instanceId });
    await supabase.sql`update gateway_key_holds set
      held_at = held_at - make_interval(secs => ${ageSeconds}),
      held_until = held_until - make_interval(secs => ${ageSeconds})`;
    expect(reasonOf(await admit(keyId))).toBe(counts ? "at_once" : "admitted");
    const [pruned] = await supabase.sql`select gateway_keys_prune() as count`;
    expect(pruned?.["count"]).toBe(counts ? 0 : 1);
  });

  test("are counted before 021 has made the table of instances", async () => {
    const keyId = await aKey({ requests_at_once: 1 });
    await supabase.sql`alter table ai_instances rename to ai_instances_away`;
    try {
      expect([await admit(keyId), await admit(keyId)].map(reasonOf)).toEqual(["admitted", "at_once"]);
    } finally {
      await supabase.sql`alter table ai_instances_away rename to ai_instances`;
    }
  });
});

describe("USD a month", () => {
  const spent = (keyId: string, usd: number, month = "0 months") => supabase.sql`
    insert into gateway_key_spend (key_id, month, usd)
    values (${keyId}, (date_trunc('month', now() at time zone 'UTC') + ${month}::interval)::date, ${usd})
    on conflict (key_id, month) do update set usd = excluded.usd`;

  test("stop a key that has spent them, until the next month, and count no request", async () => {
    const keyId = await aKey({ usd_per_month: 5, requests_per_minute: 1 });
    await spent(keyId, 5);
    const refused = await admit(keyId);
    expect(refused).toMatchObject({ admitted: false, reason: "budget" });
    const now = new Date();
    const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    const seconds = "retryAfterSeconds" in refused ? refused.retryAfterSeconds : 0;
    expect(Math.abs(seconds - (next - now.getTime()) / 1_000)).toBeLessThan(10);
    expect(await supabase.sql`select 1 from gateway_key_windows`).toEqual([]);
    expect(await held()).toEqual([]);
  });

  test("do not count what was spent in other months, or by other keys", async () => {
    const keyId = await aKey({ usd_per_month: 5 });
    await spent(keyId, 50, "-1 month");
    await spent(keyId, 4.99);
    await spent(await aKey(), 50);
    expect(await admit(keyId)).toMatchObject({ admitted: true });
  });

  test("of zero let nothing through", async () => {
    expect(await admit(await aKey({ usd_per_month: 0 }))).toMatchObject({ reason: "budget" });
  });

  /** What is spent, what others reserve, and what one more may cost, of a budget of 5 USD. */
  test.each<[number, number[], number | undefined, string]>([
    [0, [], 5, "admitted"],
    [0, [2], 3, "admitted"],
    [0, [2], 3.01, "reserved"],
    [1, [2, 1], 1, "admitted"],
    [1, [2, 1], 1.000001, "reserved"],
    // The only one may use the rest, whatever it is feared to cost.
    [0, [], 100, "admitted"],
    [4.999999, [], 100, "admitted"],
    [5, [], 0.01, "budget"],
    // What costs nothing needs no room, and what nobody can tell reserves none.
    [1, [100], 0, "admitted"],
    [1, [100], undefined, "admitted"],
    [5, [], 0, "budget"],
    [5, [], undefined, "budget"],
    // Those that cost nothing are nobody's company.
    [0, [0, 0], 100, "admitted"],
  ])("%d spent, %j reserved, at most %s more: %s", async (usd, reserved, maxCostUsd, expected) => {
    const keyId = await aKey({ usd_per_month: 5, requests_at_once: 100 });
    for (const one of reserved) await admit(keyId, { maxCostUsd: one });
    await spent(keyId, usd);
    const verdict = await admit(keyId, { maxCostUsd });
    expect(reasonOf(verdict)).toBe(expected);
    if (expected === "reserved") expect(verdict).toHaveProperty("retryAfterSeconds", 2);
  });

  test("settling replaces what was reserved by the truth, in one step", async () => {
    const keyId = await aKey({ usd_per_month: 5 });
    const requestId = randomUUID();
    await admit(keyId, { requestId, maxCostUsd: 4 });
    expect(reasonOf(await admit(keyId, { maxCostUsd: 2 }))).toBe("reserved");
    await supabase.clients.asService().rpc("settle_turns", { p_turns: [turn(requestId, keyId, 0.5)] });
    expect(await held()).toEqual([]);
    expect(reasonOf(await admit(keyId, { maxCostUsd: 4.5 }))).toBe("admitted");
    expect(reasonOf(await admit(keyId, { maxCostUsd: 0.01 }))).toBe("reserved");
  });

  test("a question behind an answer counts, too", async () => {
    const keyId = await aKey({ usd_per_month: 5 });
    await admit(keyId, { maxCostUsd: 4, inBackground: true });
    expect(reasonOf(await admit(keyId, { maxCostUsd: 2, inBackground: true }))).toBe("reserved");
    await spent(keyId, 5);
    expect(reasonOf(await admit(keyId, { inBackground: true }))).toBe("budget");
  });

  test("what the month before has reserved does not burden this one", async () => {
    const keyId = await aKey({ usd_per_month: 5 });
    await admit(keyId, { maxCostUsd: 5 });
    await supabase.sql`update gateway_key_holds set held_at = date_trunc('month', now(), 'UTC') - interval '1 second'`;
    expect(reasonOf(await admit(keyId, { maxCostUsd: 5 }))).toBe("admitted");
  });
});

test("a revoked key, an expired one and one that is gone are not admitted", async () => {
  const keyId = await aKey({ requests_per_minute: 60 });
  await supabase.sql`update gateway_keys set expires_at = now() - interval '1 second'`;
  expect(await admit(keyId)).toEqual({ admitted: false, reason: "expired" });
  const register = createSupabaseKeyRegister({ clients: supabase.clients });
  expect(await register.revoke(keyId, { userId: user.userId, isAdmin: false })).toBe(true);
  expect(await admit(keyId)).toEqual({ admitted: false, reason: "revoked" });
  expect(await admit(randomUUID())).toEqual({ admitted: false, reason: "revoked" });
});

test("a gateway of before 020 is told the same in its own words, and holds nothing", async () => {
  const keyId = await aKey({ requests_at_once: 1, requests_per_minute: 5, usd_per_month: 5 });
  const old = async () =>
    (await supabase.clients.asService().rpc("admit_gateway_key", { p_key_id: keyId })).data;
  expect(await old()).toEqual({ admitted: true, reason: null, retry_after_seconds: null });
  expect(await held()).toEqual([]);
  await admit(keyId);
  expect(await old()).toMatchObject({ admitted: false, reason: "requests", retry_after_seconds: 1 });
  await supabase.sql`update gateway_keys set expires_at = now()`;
  expect(await old()).toMatchObject({ admitted: false, reason: "revoked" });
});

describe("what a key did today", () => {
  const today = async (keyId: string): Promise<[number, number]> => {
    const register = createSupabaseKeyRegister({ clients: supabase.clients });
    const key = await register.get(keyId, { userId: user.userId, isAdmin: false });
    return [key?.requestsToday ?? -1, key?.spentUsdToday ?? -1];
  };
  const settle = (...turns: object[]) => supabase.clients.asService().rpc("settle_turns", { p_turns: turns });

  test("counts each request once, also one that was first found interrupted", async () => {
    const keyId = await aKey();
    expect(await today(keyId)).toEqual([0, 0]);
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await settle(turn(a, keyId, 0.25), turn(b, keyId, null, { status: "failed", delivered: false }));
    await settle(turn(c, keyId, null, { status: "interrupted", delivered: false }));
    expect(await today(keyId)).toEqual([2, 0.25]);
    await settle(turn(a, keyId, 0.25), turn(c, keyId, 0.5));
    expect(await today(keyId)).toEqual([3, 0.75]);
  });

  test("is that of the UTC day on which a request began", async () => {
    const keyId = await aKey();
    await settle(turn(randomUUID(), keyId, 1, { started_at: Date.now() - 86_400_000 }));
    expect(await today(keyId)).toEqual([0, 0]);
    await settle(turn(randomUUID(), keyId, 2));
    await settle(turn(randomUUID(), keyId, 4, { started_at: Date.now() - 86_400_000 }));
    expect(await today(keyId)).toEqual([1, 2]);
    // Around midnight a batch has turns of two days.
    const yesterday = { started_at: Date.now() - 86_400_000 };
    const { data } = await settle(
      turn(randomUUID(), keyId, 8, yesterday),
      turn(randomUUID(), keyId, 1),
      turn(randomUUID(), keyId, 8, yesterday),
    );
    expect(data).toMatchObject({ stored: 3 });
    expect(await today(keyId)).toEqual([2, 3]);
  });
});

function turn(id: string, keyId: string, costUsd: number | null, changes: object = {}): object {
  return {
    id,
    user_id: user.userId,
    key_id: keyId,
    tier: "smart",
    started_at: Date.now(),
    status: "completed",
    delivered: true,
    model: "m",
    backend: "b",
    prompt_tokens: 1,
    completion_tokens: 1,
    cached_tokens: 0,
    cost_usd: costUsd,
    usage_source: "exact",
    attempts: [],
    ...changes,
  };
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new Error("The process has no output.");
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}
