import type { KeyHolds } from "#lib/services/admission/key-holds.ts";
import type { Ledger, LedgerTurn, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";

/** What begins turns in the ledger. */
export type TurnLedger = Pick<Ledger, "begin">;

/** A ledger whose turns end what their requests hold of a gateway key, however a turn ends. */
export function releasingLedger(ledger: TurnLedger, holds: KeyHolds): TurnLedger {
  return {
    begin(start: TurnStart): LedgerTurn {
      const turn = ledger.begin(start);
      if (start.caller.kind !== "key") return turn;
      holds.begin(start.requestId);
      return new HoldingTurn(turn, holds);
    },
  };
}

class HoldingTurn implements LedgerTurn {
  readonly #turn: LedgerTurn;
  readonly #holds: KeyHolds;

  constructor(turn: LedgerTurn, holds: KeyHolds) {
    this.#turn = turn;
    this.#holds = holds;
  }

  get requestId(): string {
    return this.#turn.requestId;
  }

  get startedAt(): number {
    return this.#turn.startedAt;
  }

  noteToolCall(call: ToolCallRecord): void {
    this.#turn.noteToolCall(call);
  }

  async end(end: TurnEnd): Promise<void> {
    const { requestId } = this.#turn;
    this.#holds.end(requestId);
    await this.#turn.end(end);
    this.#holds.stored(requestId);
  }

  forget(): void {
    this.#turn.forget();
    void this.#holds.drop(this.#turn.requestId);
  }

  /** The database may have begun the turn, and then the row that ends it ends this too; or it never hears of it. */
  abandon(): void {
    this.#turn.abandon();
    void this.#holds.drop(this.#turn.requestId);
  }
}
