import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLedgerMaintenanceStore } from "#lib/adapters/supabase/ledger-maintenance-store.ts";
import { createLedgerStatisticsStore } from "#lib/adapters/supabase/ledger-statistics-store.ts";
import { LedgerMaintenance } from "#lib/services/admin/ledger-maintenance.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { eventually } from "../support/test-gateway.ts";

let database: TestSupabase;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
});
afterAll(() => database.stop());

/** A call and its turn, so many days ago. */
async function day(daysAgo: number): Promise<void> {
  const at = new Date(Date.now() - daysAgo * 86_400_000);
  const id = randomUUID();
  await database.sql`
    insert into public.ai_events (request_id, user_id, event_type, backend, model_id, status, latency_ms, created_at)
    values (${id}, ${user.userId}, 'attempt', 'groq', 'm', 'ok', 100, ${at})`;
  await database.sql`
    insert into public.ai_chat_usage
      (id, user_id, tier, quota_day, model, backend, cost_usd, status, settle_hash, created_at, settled_at)
    values (${id}, ${user.userId}, 'smart', current_date, 'm', 'groq', 1, 'completed', sha256('x'), ${at}, ${at})`;
}
const counts = async () => {
  const [row] = await database.sql`
    select (select count(*)::int from public.ai_events) as events,
           (select count(*)::int from public.ai_chat_usage) as turns,
           (select count(*)::int from public.ai_call_notes) as notes`;
  return row;
};

test("one round folds the figures and deletes what is older than it is to be; what was stays in the figures", async () => {
  for (const daysAgo of [0, 20, 95, 95, 500]) await day(daysAgo);
  expect(await counts()).toEqual({ events: 5, turns: 5, notes: 5 });
  const statistics = createLedgerStatisticsStore({ clients: database.clients });
  const clock = new FakeClock();
  const end = new AbortController();
  const log: string[] = [];
  const maintenance = new LedgerMaintenance({
    store: createLedgerMaintenanceStore({ clients: database.clients }),
    retention: { eventsDays: 90, usageDays: 400 },
    clock,
    random: () => 0,
    logger: {
      info: (message, fields) => void log.push(`${message} ${JSON.stringify(fields)}`),
      warn: () => undefined,
      error: (message, cause) => void log.push(`${message} ${String(cause)}`),
    },
  });
  const ended = maintenance.run(end.signal);
  clock.advance(30_000);
  await eventually(
    "the old rows are gone",
    async () => {
      clock.advance(500);
      return (await counts())?.["events"] === 2;
    },
    10_000,
  );
  expect(await counts()).toEqual({ events: 2, turns: 4, notes: 0 });
  await eventually("it is told", () => {
    clock.advance(500);
    return log.length > 0;
  });
  expect(log).toEqual(['Old rows of the ledger were deleted. {"events":3,"turns":1}']);
  const { providers } = await statistics.read(90 * 86_400);
  expect(providers).toMatchObject([{ id: "groq", calls: 2 }]);
  end.abort();
  await ended;
});

test("0 days keep everything", async () => {
  const before = await counts();
  await day(3_000);
  const store = createLedgerMaintenanceStore({ clients: database.clients });
  while (await store.fold());
  expect(await store.prune({ eventsDays: 0, usageDays: 0 })).toMatchObject({ events: 0, usage: 0 });
  expect(await counts()).toMatchObject({ events: Number(before?.["events"]) + 1 });
});

test("what a process that is gone held of a key is deleted; what runs keeps its place", async () => {
  const { sql } = database;
  const [gone, running] = [randomUUID(), randomUUID()];
  const [key] = await sql`
    insert into public.gateway_keys (user_id, name, key_hash, prefix)
    values (${user.userId}, 'ci', ${"ab".repeat(32)}, 'sk-sarmalink-ab') returning id`;
  await sql`
    insert into public.gateway_key_holds (request_id, key_id, has_slot, instance_id, held_at, held_until) values
      (${gone}, ${key?.["id"]}, true, ${randomUUID()}, now() - interval '1 hour', now() - interval '45 minutes'),
      (${running}, ${key?.["id"]}, true, null, now(), now() + interval '15 minutes')`;
  await createLedgerMaintenanceStore({ clients: database.clients }).prune({ eventsDays: 0, usageDays: 0 });
  expect(await sql`select request_id from public.gateway_key_holds`).toEqual([{ request_id: running }]);
});

test("a call takes a part of many notes, since nobody waits for it longer than 10 s", async () => {
  await database.sql`
    insert into public.ai_call_notes (hour, event_type, provider, model, outcome, calls, latencies, first_tokens)
    select date_trunc('hour', now()), 'attempt', 'groq', 'm', 'ok', 1, '{5}', '{}' from generate_series(1, 6000)`;
  const store = createLedgerMaintenanceStore({ clients: database.clients });
  expect(await store.fold()).toBe(true);
  expect(await store.fold()).toBe(false);
  expect((await counts())?.["notes"]).toBe(0);
});
