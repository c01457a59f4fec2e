import type { Clock } from "#lib/shared/clock.ts";

export const MAX_BATCH = 200;
/** The first pause after a failure, doubled up to the largest, milliseconds; each differs by up to a quarter. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 2_000;
/** After this many failures in a row, only a part of the batch is sent: it may be too large for the database. */
const FAILURES_OF_WHOLE_BATCH = 3;
/** The database has stored something so recently that it is not away: it fails with these turns. Milliseconds. */
const ANSWERING_MS = 10_000;

/**
 * How many turns are sent at once, and how long the database is left alone after a failure. After failures fewer are
 * sent, half as many each time, and after that twice as many each time, so that of many turns with which the database
 * fails each is found in a few tries.
 */
export class StorePace {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #limit = MAX_BATCH;
  #storedAt = Number.NEGATIVE_INFINITY;
  /** Something has been stored since turns began to fail. */
  #isFinding = false;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Turns that may be sent at once. */
  get limit(): number {
    return this.#limit;
  }

  stored(): void {
    this.#isFinding = this.#limit < MAX_BATCH;
    this.#failures = 0;
    this.#limit = Math.min(MAX_BATCH, this.#limit * 2);
    this.#storedAt = this.#clock.now();
  }

  /** @param turns that were sent together. */
  failed(turns: number): void {
    this.#failures++;
    if (this.#failures > FAILURES_OF_WHOLE_BATCH || this.#isAnswering) this.#limit = Math.ceil(turns / 2);
  }

  /** How long to wait now, milliseconds. */
  pauseMs(): number {
    const doubled = this.#isAnswering ? 0 : this.#failures - 1;
    const pauseMs = Math.min(MIN_PAUSE_MS * 2 ** doubled, MAX_PAUSE_MS);
    return pauseMs * (0.75 + this.#random() / 2);
  }

  get #isAnswering(): boolean {
    return this.#isFinding && this.#clock.now() - this.#storedAt < ANSWERING_MS;
  }
}
