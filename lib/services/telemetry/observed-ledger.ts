import type { Ledger, LedgerGauges, LedgerTurn, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { Logger } from "#lib/services/ports.ts";
import {
  type EndedTurn,
  emptyTurn,
  endedTurn,
  type TurnObserver,
} from "#lib/services/telemetry/ended-turn.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type ObservedLedgerDependencies = {
  observers: readonly TurnObserver[];
  clock: Pick<Clock, "wallNow">;
  logger: Pick<Logger, "error">;
};

/**
 * The ledger with observers. It is the one place that sees every turn exactly once: each route begins its turns
 * here, and a turn ends, is forgotten or is abandoned once, also without a service role and while the database is
 * unavailable.
 */
export class ObservedLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #dependencies: ObservedLedgerDependencies;
  #inFlight = 0;

  constructor(ledger: Ledger, dependencies: ObservedLedgerDependencies) {
    this.#ledger = ledger;
    this.#dependencies = dependencies;
  }

  /** Turns that have begun and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  begin(start: TurnStart): LedgerTurn {
    const turn = this.#ledger.begin(start);
    this.#inFlight++;
    return new ObservedTurn(turn, (make) => {
      this.#inFlight--;
      const endedAt = this.#dependencies.clock.wallNow();
      this.#tell(make(start, { startedAt: turn.startedAt, endedAt }));
    });
  }

  gauges(): LedgerGauges {
    return this.#ledger.gauges();
  }

  close(): Promise<void> {
    return this.#ledger.close();
  }

  /** A turn does not fail because it could not be counted. */
  #tell(turn: EndedTurn): void {
    for (const observer of this.#dependencies.observers) {
      try {
        observer(turn);
      } catch (error) {
        const { requestId } = turn;
        this.#dependencies.logger.error("A turn is missing in metrics, traces or log.", error, { requestId });
      }
    }
  }
}

type Ending = (start: TurnStart, times: { startedAt: number; endedAt: number }) => EndedTurn;

class ObservedTurn implements LedgerTurn {
  readonly #turn: LedgerTurn;
  #onEnd: ((ending: Ending) => void) | undefined;

  constructor(turn: LedgerTurn, onEnd: (ending: Ending) => void) {
    this.#turn = turn;
    this.#onEnd = onEnd;
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

  end(end: TurnEnd): Promise<void> {
    // On its way to the database first.
    const stored = this.#turn.end(end);
    this.#once((start, times) => endedTurn(start, end, times));
    return stored;
  }

  forget(): void {
    this.#turn.forget();
    this.#once((start, times) => emptyTurn(start, "refused", times));
  }

  abandon(): void {
    this.#turn.abandon();
    this.#once((start, times) => emptyTurn(start, "failed", times));
  }

  #once(ending: Ending): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(ending);
  }
}
