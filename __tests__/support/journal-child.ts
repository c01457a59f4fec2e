// Run as a process of its own, to be killed: journals turns as they come in on standard input, a line
// each (`begin`, `tool` or `end` and a ledger entry), and answers each with `ok`.
import { createInterface } from "node:readline";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import { aToolCall, type LedgerEntry, ledgerRow, startedRow } from "./turns.ts";

const journal = openTurnJournal({
  folder: process.argv[2] ?? "",
  clock: {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    after: () => ({ cancel: () => undefined }),
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, entry] = JSON.parse(line) as ["begin" | "tool" | "end", LedgerEntry];
  if (verb === "begin") journal.begin(startedRow(entry));
  else if (verb === "tool") journal.toolCall(entry.requestId, aToolCall());
  else journal.end(ledgerRow(entry));
  // Lines of calls and ends are written before the event loop goes on.
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write("ok\n");
}
