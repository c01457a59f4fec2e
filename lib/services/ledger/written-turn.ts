import type { LedgerTurn, TurnEnd } from "#lib/services/ledger/ledger.ts";
import { emptyRow, type LedgerRow, ledgerRow, type StartedRow } from "#lib/services/ledger/ledger-row.ts";
import { boundedToolCall, MAX_TOOL_CALLS } from "#lib/services/ledger/turn-bounds.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";

/** Where a turn goes when it has ended. */
export type TurnSink = {
  /** The turn has called a tool, and goes on. */
  noteToolCall(start: StartedRow, call: ToolCallRecord): void;
  /** @param atOnce do not wait for others to share a batch. */
  end(row: LedgerRow, atOnce: boolean): Promise<void>;
  forget(start: StartedRow): void;
  /** The row of a turn that may not have been begun. */
  abandon(row: LedgerRow): void;
};

/** The handle of one turn, which passes it on once. */
export class WrittenTurn implements LedgerTurn {
  #start: StartedRow;
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

  get startedAt(): number {
    return this.#start.startedAt;
  }

  noteToolCall(call: ToolCallRecord): void {
    const { toolCalls = [] } = this.#start;
    if (this.#writer === undefined || toolCalls.length >= MAX_TOOL_CALLS) return;
    const bounded = boundedToolCall(call);
    this.#start = { ...this.#start, toolCalls: [...toolCalls, bounded] };
    this.#writer.noteToolCall(this.#start, bounded);
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
