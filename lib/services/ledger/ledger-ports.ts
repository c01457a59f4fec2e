import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";

/** Why the database has not stored a turn: it knows no such turn, the secret is wrong, or it was refused. */
export type RefusedTurn = {
  requestId: string | null;
  code: "not_found" | "forbidden" | "rejected";
  reason: string;
};

export type LedgerStore = {
  /**
   * Stores turns; one that is there already is left as it is. Answers those that the database will not
   * have, whatever is tried. Throws `database_unavailable`, `not_configured` without a service role or
   * function, and `internal_error` when it would not take the batch.
   */
  record(rows: readonly LedgerRow[]): Promise<RefusedTurn[]>;
};

/** Where one turn stands in the journal. */
export type JournalTicket = {
  /** The database has the turn: the journal may forget it. */
  stored(): void;
};

/** A file of the journal that cannot be used: its turns have to wait until somebody mends it. */
export type UnreadableFile = { file: string; reason: string };

/** What a process that is no more has left; `unreadable` files are told of once. */
export type OrphanedTurns = {
  ended: LedgerRow[];
  started: StartedRow[];
  unreadable?: readonly UnreadableFile[];
};

/** Turns written down beside the process, so that they outlive it. */
export type TurnJournal = {
  begin(row: StartedRow): void;
  end(row: LedgerRow): JournalTicket;
  /** A turn that was noted by `begin` will have no row. */
  forget(requestId: string): void;
  /**
   * What processes that are no more have left, a part at a time. A part counts as stored, and may be
   * deleted, once the next is asked for; who stops asking leaves the rest for later.
   */
  orphans(): AsyncGenerator<OrphanedTurns, void>;
  close(): void;
};
