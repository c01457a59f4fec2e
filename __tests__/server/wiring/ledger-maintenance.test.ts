import { expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { readEnv } from "#lib/server/env/env.ts";
import { createLedgerMaintenance } from "#lib/server/wiring/ledger-maintenance.ts";

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

test.each([
  { settings: {}, runs: true },
  { settings: { LEDGER_MAINTENANCE: "off" }, runs: false },
  // Nothing runs there between requests.
  { settings: { VERCEL: "1" }, runs: false },
  { settings: { SUPABASE_SERVICE_ROLE_KEY: "" }, runs: false },
])("the upkeep of the ledger with $settings: $runs", ({ settings, runs }) => {
  const env = readEnv({ SUPABASE_SERVICE_ROLE_KEY: "secret", ...settings });
  const serviceRoleKey = env.SUPABASE_SERVICE_ROLE_KEY;
  const clients = createSupabaseClients({
    url: "http://127.0.0.1:9",
    publishableKey: "public",
    serviceRoleKey,
  });
  const maintenance = createLedgerMaintenance({ env, clients, clock: systemClock, logger });
  expect(maintenance !== undefined).toBe(runs);
});

test.each(["-1", "1.5", "90d", "36501", "x"])("EVENTS_RETENTION_DAYS=%s is refused", (days) => {
  for (const name of ["EVENTS_RETENTION_DAYS", "USAGE_RETENTION_DAYS"]) {
    expect(() => readEnv({ [name]: days })).toThrow(`${name} is "${days}": it must be whole days from 0`);
  }
});
