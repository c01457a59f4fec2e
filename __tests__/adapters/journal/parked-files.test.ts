import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ParkedFiles } from "#lib/adapters/journal/parked-files.ts";
import type { ParkedTurn } from "#lib/services/ledger/ledger-ports.ts";
import { aLedgerEntry, type LedgerEntry, ledgerRow } from "../../support/turns.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sarmalink-parked-"));
  folder = join(root, "parked");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const aParked = (changes: Partial<LedgerEntry> = {}): ParkedTurn => ({
  row: ledgerRow(aLedgerEntry(changes)),
  code: "rejected",
  reason: "bad",
  parkedAt: 5,
});
async function all(parked: ParkedFiles): Promise<ParkedTurn[]> {
  const turns: ParkedTurn[] = [];
  for await (const part of parked.read()) turns.push(...part);
  return turns;
}

describe("parked turns", () => {
  test("are files of their own, which their owner alone can read", () => {
    const parked = new ParkedFiles(folder);
    expect(readdirSync(root)).toEqual([]);
    expect(parked.add(aParked())).toBe(true);
    expect(parked.add(aParked())).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toHaveLength(2);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test("are there after the process, as they were, the oldest first", async () => {
    const [late, early] = [aParked({ startedAt: 2_000 }), aParked({ startedAt: 1_000 })];
    const native = aParked({
      startedAt: 3_000,
      settleSecret: "s",
      conversation: { userMessage: "q", assistantMessage: "a" },
    });
    for (const turn of [late, early, native]) new ParkedFiles(folder).add(turn);
    const later = new ParkedFiles(folder);
    expect(later.kept).toEqual({ turns: 3, since: 1_000 });
    expect(await all(later)).toEqual([early, late, native]);
  });

  test("are there once, however often they are parked, and gone when they are removed", async () => {
    const turn = aParked();
    const [one, other] = [new ParkedFiles(folder), new ParkedFiles(folder)];
    expect([one.add(turn), one.add(turn), other.add(turn)]).toEqual([true, true, true]);
    expect(readdirSync(folder)).toHaveLength(1);
    other.remove(turn);
    expect(one.kept.turns).toBe(1);
    await one.refresh();
    expect(one.kept).toEqual({ turns: 0, since: undefined });
    one.remove(turn);
  });

  test("are bounded in number", () => {
    const limits = { turns: 3, bytes: 1_000_000 };
    const parked = new ParkedFiles(folder, limits);
    const kept = [aParked(), aParked(), aParked()];
    expect(kept.map((turn) => parked.add(turn))).toEqual([true, true, true]);
    expect(parked.add(aParked())).toBe(false);
    expect(new ParkedFiles(folder, limits).add(aParked())).toBe(false);
    for (const turn of kept.slice(0, 1)) parked.remove(turn);
    expect(parked.add(aParked())).toBe(true);
  });

  test("are bounded in bytes, also those of other processes", async () => {
    const limits = { turns: 100, bytes: 20_000 };
    const parked = new ParkedFiles(folder, limits);
    const long = { userMessage: "x".repeat(9_000), assistantMessage: "" };
    const added = [1, 2, 3].map(() => parked.add(aParked({ conversation: long })));
    expect(added).toEqual([true, true, false]);
    const other = new ParkedFiles(folder, limits);
    await other.refresh();
    expect(other.add(aParked({ conversation: long }))).toBe(false);
    expect(other.add(aParked())).toBe(true);
  });

  test.each(["", "{", "null", '{"row":{}}'])(
    "that cannot be read stay and are left out: %j",
    async (text) => {
      const parked = new ParkedFiles(folder);
      const turn = aParked();
      parked.add(turn);
      writeFileSync(join(folder, `turn.1.${randomUUID()}.json`), text);
      expect(await all(parked)).toEqual([turn]);
      expect(parked.kept.turns).toBe(2);
    },
  );

  test("do not leave their folder, whatever their id says", () => {
    const parked = new ParkedFiles(folder);
    for (const requestId of ["../../evil", "", "a".repeat(10_000), "turn\0"]) {
      expect(parked.add(aParked({ requestId }))).toBe(true);
    }
    expect(readdirSync(root)).toEqual(["parked"]);
    expect(new ParkedFiles(folder).kept.turns).toBe(4);
  });

  test("are not what strangers put into the folder", async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "notes.txt"), "mine");
    writeFileSync(join(folder, "partial.0011"), "half");
    const parked = new ParkedFiles(folder);
    expect(await all(parked)).toEqual([]);
    expect(parked.kept.turns).toBe(0);
  });
});
