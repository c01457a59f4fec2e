import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aLedgerEntry, ledgerRow } from "../../support/turns.ts";

/** The ledger with a real journal, and more turns than memory takes. */
const TURNS = 16_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-spilled-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function setUp() {
  const clock = new FakeClock(Date.now());
  const stored: LedgerRow[] = [];
  const database = { isThere: false };
  const start = () =>
    createLedgerWriter({
      clock,
      random: () => 0.5,
      store: {
        record: async (rows) => {
          if (!database.isThere) throw new GatewayError("database_unavailable", "away");
          stored.push(...rows);
          return [];
        },
      },
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      journal: openTurnJournal({ folder, clock }),
    });
  /** Time goes on, and files are read meanwhile. */
  const goOn = async (until: () => boolean): Promise<void> => {
    for (let step = 0; step < 2_000 && !until(); step++) {
      await clock.advanceAsync(500);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return { clock, stored, database, start, goOn };
}

test("all are stored by the same process when the database is back, as they ended, once, and no file is left", async () => {
  const { stored, database, start, goOn } = setUp();
  const ledger = start();
  const entries = Array.from({ length: TURNS }, () => aLedgerEntry());
  for (const entry of entries) void ledger.begin(entry).end(entry);
  expect(ledger.gauges()).toMatchObject({ waiting: TURNS, parked: 0 });
  let steps = 0;
  await goOn(() => ++steps > 20);
  expect(ledger.gauges().waiting).toBe(TURNS);
  database.isThere = true;
  await goOn(() => stored.length >= TURNS);
  expect(stored).toHaveLength(TURNS);
  const byId = new Map(stored.map((row) => [row.requestId, row]));
  for (const entry of entries) {
    const { startedAt: _, ...row } = ledgerRow(entry);
    // Some have been on disk, where there is no undefined.
    expect(byId.get(entry.requestId)).toMatchObject(JSON.parse(JSON.stringify(row)) as object);
  }
  await goOn(() => ledger.gauges().waiting === 0);
  expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  await ledger.close();
  expect(readdirSync(folder)).toEqual([]);
});

test("all are stored by the next process if this one ends before, once each", async () => {
  const { stored, database, start, goOn } = setUp();
  const first = start();
  for (let turn = 0; turn < TURNS; turn++) {
    const entry = aLedgerEntry();
    void first.begin(entry).end(entry);
  }
  await first.close();
  database.isThere = true;
  const second = start();
  await goOn(() => stored.length >= TURNS && readdirSync(folder).length === 0);
  expect(stored).toHaveLength(TURNS);
  expect(new Set(stored.map(({ requestId }) => requestId)).size).toBe(TURNS);
  await second.close();
  expect(readdirSync(folder)).toEqual([]);
});
