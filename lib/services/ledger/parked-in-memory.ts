import type { ParkedTurn, ParkedTurns } from "#lib/services/ledger/ledger-ports.ts";
import { type Waiting, waitingOf } from "#lib/services/ledger/waiting.ts";

/** Turns that are kept; about 1 kB each without their messages. */
const MAX_TURNS = 1_000;
/** Turns that are read at once. */
const PART = 20;

/** Parked turns of a process without a disk: they are gone with it, and the log has their numbers. */
export class ParkedInMemory implements ParkedTurns {
  readonly isShared = false;
  readonly #turns = new Map<string, ParkedTurn>();

  get kept(): Waiting {
    return waitingOf([...this.#turns.values()].map(({ row }) => row.startedAt));
  }

  add(turn: ParkedTurn): boolean {
    const { requestId } = turn.row;
    if (this.#turns.size >= MAX_TURNS && !this.#turns.has(requestId)) return false;
    this.#turns.set(requestId, turn);
    return true;
  }

  async refresh(): Promise<void> {
    // Nobody else changes it.
  }

  async *read(): ReturnType<ParkedTurns["read"]> {
    const turns = [...this.#turns.values()];
    for (let from = 0; from < turns.length; from += PART) yield turns.slice(from, from + PART);
  }

  remove({ row }: ParkedTurn): void {
    this.#turns.delete(row.requestId);
  }
}
