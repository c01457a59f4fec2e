// Run as a process of its own, to be killed: journals turns as they come in on standard input, a line
// each (`begin` or `end` and a ledger entry), and answers each with `ok`.
import { createInterface } from "node:readline";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import { type LedgerEntry, ledgerRow, startedRow } from "./turns.ts";

const journal = openTurnJournal({
  folder: process.argv[2] ?? "",
  clock: {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    after: () => ({ cancel: () => undefined }),
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, entry] = JSON.parse(line) as ["begin" | "end", LedgerEntry];
  if (verb === "begin") journal.begin(startedRow(entry));
  else journal.end(ledgerRow(entry));
  process.stdout.write("ok\n");
}
