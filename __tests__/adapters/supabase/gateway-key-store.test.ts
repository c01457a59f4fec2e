import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import {
  createSupabaseGatewayKeyStore,
  createSupabaseKeyAdmission,
} from "#lib/adapters/supabase/gateway-key-store.ts";
import { sha256Hex } from "#lib/local-supabase/secrets.ts";
import type { GatewayKeyStore } from "#lib/services/identity/credentials.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../../support/test-database.ts";

let supabase: TestSupabase;
let store: GatewayKeyStore;
let user: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  store = createSupabaseGatewayKeyStore({ clients: supabase.clients });
  user = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
beforeEach(async () => {
  await supabase.sql`delete from gateway_keys`;
  await supabase.sql`delete from gateway_key_marker`;
});

async function aKey(changes: Record<string, unknown> = {}): Promise<{ id: string; hash: string }> {
  const hash = sha256Hex(randomUUID());
  const row = { user_id: user.userId, name: "ci", key_hash: hash, prefix: "sk-sarmalink-ab", ...changes };
  const [made] = await supabase.sql<
    { id: string }[]
  >`insert into gateway_keys ${supabase.sql(row)} returning id`;
  return { id: made?.id ?? "", hash };
}

test("finds a live key with its owner and limits", async () => {
  const { id, hash } = await aKey({
    requests_per_minute: 60,
    usd_per_month: "12.50",
    modes: ["smart", "fast"],
  });
  expect(await store.findByHash(hash)).toEqual({
    key: {
      keyId: id,
      userId: user.userId,
      limits: { requestsPerMinute: 60, usdPerMonth: 12.5, modes: ["smart", "fast"] },
    },
    state: "live",
    end: undefined,
  });
});

test("absent limits stay absent, and a budget of zero stays zero", async () => {
  const { hash } = await aKey({ usd_per_month: 0 });
  expect((await store.findByHash(hash))?.key.limits).toEqual({ usdPerMonth: 0 });
});

test("neither an unknown nor a revoked key is found", async () => {
  const { hash } = await aKey({ revoked_at: new Date() });
  expect(await store.findByHash(hash)).toBeNull();
  expect(await store.findByHash(sha256Hex("unknown"))).toBeNull();
});

test("notes the use of a key at most once a minute", async () => {
  const { id, hash } = await aKey();
  const lastUsed = async () =>
    (await supabase.sql`select last_used_at from gateway_keys where id = ${id}`)[0]?.["last_used_at"];
  await Promise.all([1, 2, 3].map(() => store.findByHash(hash)));
  const first = await lastUsed();
  expect(first).toBeInstanceOf(Date);
  await store.findByHash(hash);
  expect(await lastUsed()).toEqual(first);
});

test("a revoked key counts as ever created, the seeded one does not", async () => {
  expect(await store.anyEverCreated()).toBe(false);
  await aKey({ seeded: true });
  expect(await store.anyEverCreated()).toBe(false);
  await aKey({ revoked_at: new Date() });
  expect(await store.anyEverCreated()).toBe(true);
});

test("a key whose user was deleted counts as ever created", async () => {
  const gone = await supabase.signUp();
  await aKey({ user_id: gone.userId });
  await supabase.sql`delete from auth.users where id = ${gone.userId}`;
  expect(await supabase.sql`select id from gateway_keys`).toEqual([]);
  expect(await store.anyEverCreated()).toBe(true);
});

test("without a service role, or with a wrong one: not configured, naming the variable", async () => {
  const { url, publishableKey } = supabase;
  for (const serviceRoleKey of [undefined, "sb_secret_wrong"]) {
    const broken = createSupabaseGatewayKeyStore({
      clients: createSupabaseClients({ url, publishableKey, serviceRoleKey }),
    });
    await expect(broken.findByHash(sha256Hex("x"))).rejects.toMatchObject({
      code: "not_configured",
      message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
    });
  }
});

test("a dead database is database_unavailable", async () => {
  const dead = createSupabaseGatewayKeyStore({
    clients: createSupabaseClients({ url: "http://127.0.0.1:9", publishableKey: "x", serviceRoleKey: "y" }),
  });
  await expect(dead.findByHash(sha256Hex("x"))).rejects.toMatchObject({ code: "database_unavailable" });
});

test("on a database of before 020 keys are found and admitted with the limits of then", async () => {
  const { id, hash } = await aKey({ requests_per_minute: 1 });
  const admission = createSupabaseKeyAdmission({ clients: supabase.clients });
  const asked = { keyId: id, requestId: id, inBackground: false, maxCostUsd: 1, ended: [] };
  // As 002 and 003 made them.
  await supabase.sql.unsafe(`
    alter function gateway_key_find(text) rename to find_away;
    alter function gateway_key_admit(jsonb) rename to admit_away;
    create or replace function find_gateway_key(p_key_hash text) returns jsonb language sql as $$
      select jsonb_build_object('id', id, 'user_id', user_id, 'requests_per_minute', requests_per_minute,
        'usd_per_month', usd_per_month, 'modes', modes) from public.gateway_keys where key_hash = p_key_hash $$;
    create or replace function admit_gateway_key(p_key_id uuid) returns jsonb language sql as $$
      select '{"admitted": false, "reason": "requests", "retry_after_seconds": 7}'::jsonb $$;
    alter function find_gateway_key(text) security definer;`);
  expect(await store.findByHash(hash)).toMatchObject({
    key: { keyId: id, limits: { requestsPerMinute: 1 } },
    state: "live",
    end: undefined,
  });
  expect(await admission.admit(asked)).toMatchObject({ reason: "requests", retryAfterSeconds: 7 });
  expect(await admission.admit({ ...asked, inBackground: true })).toMatchObject({ admitted: true });
});
