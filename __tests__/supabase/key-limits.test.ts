import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createSupabaseKeyAdmission,
  createSupabaseKeyRegister,
} from "#lib/adapters/supabase/gateway-key-store.ts";
import type { KeyVerdict } from "#lib/services/admission/key-admission.ts";
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
});

async function aKey(limits: { requests_per_minute?: number; usd_per_month?: number } = {}): Promise<string> {
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

const admit = (keyId: string): Promise<KeyVerdict> =>
  createSupabaseKeyAdmission({ clients: supabase.clients, timeoutMs: 10_000 }).admit(keyId);

describe("requests a minute", () => {
  test("two hundred at once, from two processes, let exactly sixty through", async () => {
    const keyId = await aKey({ requests_per_minute: 60 });
    const { url, publishableKey, secretKey } = supabase;
    const processes = [100, 100].map((count) =>
      spawn(process.execPath, [SCRIPT, url, publishableKey, secretKey, keyId, String(count)], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    const lines = processes.map(linesOf);
    for (const reading of lines) expect((await reading.next()).value).toBe("ready");
    for (const { stdin } of processes) stdin?.write("go\n");
    const counts = await Promise.all(
      lines.map(
        async (reading) => JSON.parse(String((await reading.next()).value)) as Record<string, number>,
      ),
    );
    await Promise.all(processes.map(async (one) => one.exitCode ?? (await once(one, "exit"))));
    const sum = (name: string) => counts.reduce((total, count) => total + (count[name] ?? 0), 0);
    expect({ passed: sum("passed"), limited: sum("rate_limited") }).toEqual({ passed: 60, limited: 140 });
  });

  test("are counted from the first one on, not by the clock, and then anew", async () => {
    const keyId = await aKey({ requests_per_minute: 2 });
    expect([await admit(keyId), await admit(keyId)]).toEqual([{ admitted: true }, { admitted: true }]);
    const refused = await admit(keyId);
    expect(refused).toMatchObject({ admitted: false, reason: "requests" });
    expect(refused).toHaveProperty("retryAfterSeconds", 60);
    const earlier = (seconds: number) => supabase.sql`
      update gateway_key_windows set started_at = started_at - make_interval(secs => ${seconds})`;
    await earlier(50);
    expect(await admit(keyId)).toMatchObject({ reason: "requests", retryAfterSeconds: 10 });
    await earlier(10);
    expect([await admit(keyId), await admit(keyId)]).toEqual([{ admitted: true }, { admitted: true }]);
    expect(await admit(keyId)).toMatchObject({ reason: "requests" });
  });

  test("are those of the row: a limit that was raised holds at once", async () => {
    const keyId = await aKey({ requests_per_minute: 1 });
    await admit(keyId);
    expect(await admit(keyId)).toMatchObject({ admitted: false });
    await supabase.sql`update gateway_keys set requests_per_minute = 2`;
    expect(await admit(keyId)).toEqual({ admitted: true });
    expect(await admit(keyId)).toMatchObject({ admitted: false });
    await supabase.sql`update gateway_keys set requests_per_minute = null`;
    expect(await admit(keyId)).toEqual({ admitted: true });
  });
});

describe("USD a month", () => {
  const spent = (keyId: string, usd: number, month: string) => supabase.sql`
    insert into gateway_key_spend (key_id, month, usd)
    values (${keyId}, (date_trunc('month', now() at time zone 'UTC') + ${month}::interval)::date, ${usd})`;

  test("stop a key that has spent them, until the next month, and count no request", async () => {
    const keyId = await aKey({ usd_per_month: 5, requests_per_minute: 1 });
    await spent(keyId, 5, "0 months");
    const refused = await admit(keyId);
    expect(refused).toMatchObject({ admitted: false, reason: "budget" });
    const now = new Date();
    const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    const seconds = "retryAfterSeconds" in refused ? refused.retryAfterSeconds : 0;
    expect(Math.abs(seconds - (next - now.getTime()) / 1_000)).toBeLessThan(10);
    expect(await supabase.sql`select 1 from gateway_key_windows`).toEqual([]);
  });

  test("do not count what was spent in other months, or by other keys", async () => {
    const keyId = await aKey({ usd_per_month: 5 });
    await spent(keyId, 50, "-1 month");
    await spent(keyId, 4.99, "0 months");
    await spent(await aKey(), 50, "0 months");
    expect(await admit(keyId)).toEqual({ admitted: true });
  });

  test("of zero let nothing through", async () => {
    expect(await admit(await aKey({ usd_per_month: 0 }))).toMatchObject({ reason: "budget" });
  });
});

test("a revoked key and one that is gone are not admitted", async () => {
  const keyId = await aKey({ requests_per_minute: 60 });
  const register = createSupabaseKeyRegister({ clients: supabase.clients });
  expect(await register.revoke(keyId, user.userId)).toBe(true);
  expect(await admit(keyId)).toEqual({ admitted: false, reason: "revoked" });
  expect(await admit(randomUUID())).toEqual({ admitted: false, reason: "revoked" });
});

function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new Error("The process has no output.");
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}
