import type { LedgerTurn, TurnEnd } from "#lib/services/ledger/ledger.ts";
import { emptyRow, type LedgerRow, ledgerRow, type StartedRow } from "#lib/services/ledger/ledger-row.ts";

/** Where a turn goes when it has ended. */
export type TurnSink = {
  /** @param atOnce do not wait for others to share a batch. */
  end(row: LedgerRow, atOnce: boolean): Promise<void>;
  forget(start: StartedRow): void;
  /** The row of a turn that may not have been begun. */
  abandon(row: LedgerRow): void;
};

/** The handle of one turn, which passes it on once. */
export class WrittenTurn implements LedgerTurn {
  readonly #start: StartedRow;
  readonly #atOnce: boolean;
  #writer: TurnSink | undefined;

  constructor(start: StartedRow, atOnce: boolean, writer: TurnSink) {
    this.#start = start;
    this.#atOnce = atOnce;
    this.#writer = writer;
  }

  get requestId(): string {
    return this.#start.requestId;
  }

  end(end: TurnEnd): Promise<void> {
    return this.#take()?.end(ledgerRow(this.#start, end), this.#atOnce) ?? Promise.resolve();
  }

  forget(): void {
    this.#take()?.forget(this.#start);
  }

  abandon(): void {
    this.#take()?.abandon(emptyRow(this.#start, "failed"));
  }

  /** The writer, once. */
  #take(): TurnSink | undefined {
    const writer = this.#writer;
    this.#writer = undefined;
    return writer;
  }
}
