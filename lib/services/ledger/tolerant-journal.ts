import type { LedgerLog } from "#lib/services/ledger/ledger-log.ts";
import type { JournalTicket, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";

/** The journal as the ledger writes it, if there is one. A turn goes on although its line cannot be written. */
export class TolerantJournal {
  readonly #journal: TurnJournal | undefined;
  readonly #log: LedgerLog;

  constructor(journal: TurnJournal | undefined, log: LedgerLog) {
    this.#journal = journal;
    this.#log = log;
  }

  begin(row: StartedRow): void {
    this.#try((journal) => journal.begin(row));
  }

  toolCall(requestId: string, call: ToolCallRecord): void {
    this.#try((journal) => journal.toolCall(requestId, call));
  }

  forget(requestId: string): void {
    this.#try((journal) => journal.forget(requestId));
  }

  /** Undefined if the journal does not have the turn. */
  end(row: LedgerRow): JournalTicket | undefined {
    return this.#try((journal) => journal.end(row));
  }

  stored(ticket: JournalTicket | undefined): void {
    this.#try(() => ticket?.stored());
  }

  /** Whether the turn waits on disk from now on. */
  spill(row: LedgerRow): boolean {
    const isSpilled = this.#try((journal) => {
      journal.spill(row);
      return true;
    });
    return isSpilled ?? false;
  }

  #try<Result>(work: (journal: TurnJournal) => Result): Result | undefined {
    if (this.#journal === undefined) return undefined;
    try {
      return work(this.#journal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = "The journal of turns could not be written; turns in flight would not survive a crash.";
      this.#log.warn(message, { reason });
      return undefined;
    }
  }
}
