import type { Clock, Timer } from "#lib/shared/clock.ts";

/**
 * Notices that a reader has waited too long. One timer for a whole stream instead of one per chunk: when it
 * fires, it checks the time waited.
 */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  #timer: Timer | undefined;
  /** Since when the reader has been waiting; undefined while it is not waiting. */
  #since: number | undefined;
  /** The longest wait, milliseconds. Infinite until it is set. */
  limitMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  /** The reader waits, counted from `since`. */
  begin(since: number): void {
    this.#since = since;
    if (this.#timer === undefined && Number.isFinite(this.limitMs)) this.#watch(this.limitMs);
  }

  /** The reader has what it waited for. */
  end(): void {
    this.#since = undefined;
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #watch(milliseconds: number): void {
    this.#timer = this.#clock.after(milliseconds, () => {
      this.#timer = undefined;
      if (this.#since === undefined) return;
      const left = this.#since + this.limitMs - this.#clock.now();
      if (left > 0) this.#watch(left);
      else this.#onIdle();
    });
  }
}
