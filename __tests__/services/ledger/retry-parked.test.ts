import { describe, expect, test } from "vitest";
import type { LedgerStore } from "#lib/services/ledger/ledger-ports.ts";
import { ParkedInMemory } from "#lib/services/ledger/parked-in-memory.ts";
import { retryParked } from "#lib/services/ledger/retry-parked.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { aLedgerEntry, ledgerRow } from "../../support/turns.ts";

function parkedTurns(tiers: readonly string[]): ParkedInMemory {
  const parked = new ParkedInMemory();
  for (const tier of tiers) {
    parked.add({ row: ledgerRow(aLedgerEntry({ tier })), code: "rejected", reason: "", parkedAt: 0 });
  }
  return parked;
}

/** A database that refuses turns of the mode `bad`, and fails with those of `poison`. */
const store: LedgerStore = {
  record: async (rows) => {
    if (rows.some(({ tier }) => tier === "poison")) throw new GatewayError("database_unavailable", "500");
    return rows
      .filter(({ tier }) => tier === "bad")
      .map(({ requestId }) => ({ requestId, code: "rejected", reason: "bad" }));
  },
};
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const repeat = (tier: string, count: number): string[] => Array.from({ length: count }, () => tier);

const CASES: { what: string; tiers: string[]; stored: number; refused: number; failed: number }[] = [
  { what: "all that the database takes now", tiers: repeat("good", 50), stored: 50, refused: 0, failed: 0 },
  { what: "nothing that it still refuses", tiers: ["bad", "good", "bad"], stored: 1, refused: 2, failed: 0 },
  {
    what: "what is beside turns with which the database fails",
    tiers: ["poison", "good", "poison", ...repeat("good", 30)],
    stored: 31,
    refused: 0,
    failed: 2,
  },
  {
    what: "nothing in an outage, which ends the try",
    tiers: repeat("poison", 30),
    stored: 0,
    refused: 0,
    failed: 5,
  },
  { what: "nothing of nothing", tiers: [], stored: 0, refused: 0, failed: 0 },
];

describe("parked turns that are tried again", () => {
  test.each(CASES)("leave with $what", async ({ what: _, tiers, ...expected }) => {
    const parked = parkedTurns(tiers);
    expect(await retryParked({ parked, store, logger })).toEqual(expected);
    expect(parked.kept.turns).toBe(tiers.length - expected.stored);
  });

  test("are left alone once the ledger closes", async () => {
    const parked = parkedTurns(repeat("bad", 3));
    const result = await retryParked({ parked, store, logger, isStopped: () => true });
    expect(result).toEqual({ stored: 0, refused: 0, failed: 0 });
  });
});
