import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { Waiting } from "#lib/services/ledger/waiting.ts";

/** Why the database did not store a turn: the turn does not exist, its secret is wrong, or it was refused. */
export type RefusedTurn = {
  requestId: string | null;
  code: "not_found" | "forbidden" | "rejected";
  reason: string;
};

export type LedgerStore = {
  /**
   * Stores turns; one that is stored already stays as it is. Returns those that the database refuses, for
   * which a retry is of no use. Throws `database_unavailable`, `not_configured` without a service role or
   * function, and `internal_error` if the batch as a whole is refused.
   */
  record(rows: readonly LedgerRow[]): Promise<RefusedTurn[]>;
};

/** Turns in the database whose process has died. */
export type OrphanStore = {
  /**
   * Settles at most so many of them as `interrupted`, and tells whether there may be more; none if another process
   * is doing so. Throws `database_unavailable`, and `not_configured` without a service role or function.
   */
  settleOrphans(limit: number): Promise<{ settled: number; more: boolean }>;
};

/** The entry of one turn in the journal. */
export type JournalTicket = {
  /** The database has the turn: the journal may forget it. */
  stored(): void;
};

/** Turns that wait on disk alone. */
export type SpilledTurns = {
  rows: LedgerRow[];
  /** When the first of them began to wait, epoch milliseconds. */
  since: number;
  /** The database has them: their file may be deleted. */
  stored(): void;
};

/** A turn that the database refuses for good, as it is kept. */
export type ParkedTurn = {
  row: LedgerRow;
  code: RefusedTurn["code"];
  /** What the database said. */
  reason: string;
  /** Epoch milliseconds. */
  parkedAt: number;
};

/** Where refused turns are kept. */
export type ParkedTurns = {
  /** Other processes and the operator change it too, and it is there after the process. */
  readonly isShared: boolean;
  /** `since`: when the oldest of them began. */
  readonly kept: Waiting;
  /** Keeps a turn, which is harmless if it is there; false if there is no room. Throws if it cannot be written. */
  add(turn: ParkedTurn): boolean;
  /** Takes note of what others have changed. */
  refresh(): Promise<void>;
  /** All turns, the oldest first, some at a time; what cannot be read is left out. */
  read(): AsyncGenerator<ParkedTurn[], void>;
  remove(turn: ParkedTurn): void;
};

/** A file of the journal that cannot be used: its turns wait until an operator repairs it. */
export type UnreadableFile = { file: string; reason: string };

/** Turns that a dead process left in the journal; `unreadable` files are reported once. */
export type OrphanedTurns = {
  ended: LedgerRow[];
  started: StartedRow[];
  unreadable?: readonly UnreadableFile[];
};

/** Turns written to disk, so that they survive the process. */
export type TurnJournal = {
  begin(row: StartedRow): void;
  /** A turn that was noted by `begin` has called a tool. */
  toolCall(requestId: string, call: ToolCallRecord): void;
  end(row: LedgerRow): JournalTicket;
  /** A turn that was noted by `begin` will have no row. */
  forget(requestId: string): void;
  /** The turn has ended, and nothing but the journal will know it until it is taken. */
  spill(row: LedgerRow): void;
  /** What has been spilled and not taken. */
  readonly spilled: Waiting;
  /** The oldest of them, about a megabyte. Throws if their file cannot be read; then the next ones can be taken. */
  takeSpilled(): Promise<SpilledTurns | undefined>;
  /**
   * What dead processes left, a part at a time. A part counts as stored, and may be deleted, once the next
   * one is requested; if none is, the rest stays for later.
   */
  orphans(): AsyncGenerator<OrphanedTurns, void>;
  close(): void;
};
