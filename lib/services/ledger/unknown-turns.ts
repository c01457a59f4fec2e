import type { WaitingTurn } from "#lib/services/ledger/turn-queue.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";

/**
 * When a turn that the database does not know is tried again, milliseconds after the last try: its
 * `begin_turn` may still be under way. After the last try it counts as never begun.
 */
const LOOK_AGAIN_MS = [5_000, 30_000, 120_000] as const;

type Look = { count: number; timer: Timer; turn: WaitingTurn; isDue: boolean };

/** Turns that the database did not know, until it is certain that they were never begun. */
export class UnknownTurns {
  readonly #clock: Clock;
  readonly #add: (turn: WaitingTurn) => void;
  /** Further tries, by request id. */
  readonly #looks = new Map<string, Look>();

  /** @param add puts a turn into the queue again. */
  constructor(clock: Clock, add: (turn: WaitingTurn) => void) {
    this.#clock = clock;
    this.#add = add;
  }

  /** Turns whose next try is due later. */
  get pending(): WaitingTurn[] {
    return [...this.#looks.values()].flatMap(({ isDue, turn }) => (isDue ? [] : turn));
  }

  /** Whether a turn that is still unknown is to be tried again. */
  hasTriesLeft({ row }: WaitingTurn): boolean {
    return (this.#looks.get(row.requestId)?.count ?? 0) < LOOK_AGAIN_MS.length;
  }

  /** Tries the turn again later. */
  lookAgain(turn: WaitingTurn): void {
    const count = this.#looks.get(turn.row.requestId)?.count ?? 0;
    const timer = this.#clock.after(LOOK_AGAIN_MS[count] ?? 0, () => {
      // From here on it waits in the queue, and must not join it twice: its ticket counts.
      look.isDue = true;
      this.#add(turn);
    });
    const look = { count: count + 1, timer, turn, isDue: false };
    this.#looks.set(turn.row.requestId, look);
  }

  /** It is known what becomes of the turn. */
  forget({ row }: WaitingTurn): void {
    this.#looks.delete(row.requestId);
  }

  /** Tries that are due later are made now. */
  lookNow(): void {
    for (const { timer, turn, isDue } of this.#looks.values()) {
      if (isDue) continue;
      timer.cancel();
      this.#add(turn);
    }
  }
}
