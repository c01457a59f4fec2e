import type { Clock, Timer } from "#lib/shared/clock.ts";

type Due = { at: number; order: number; action: () => void };

/**
 * Time that stands still until it is told to move. The wall clock may be set by itself, as an operator
 * or NTP does: monotonic time and timers do not notice.
 */
export class FakeClock implements Clock {
  #now: number;
  #wall: number;
  #order = 0;
  readonly #timers = new Set<Due>();

  constructor(wall: number = Date.parse("2026-11-22T12:00:00Z"), now = 1_000) {
    this.#now = now;
    this.#wall = wall;
  }

  // Fields, not methods: tests pass `clock.now` on by itself.
  readonly now = (): number => this.#now;
  readonly wallNow = (): number => this.#wall;

  after(milliseconds: number, action: () => void): Timer {
    const timer: Due = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, action };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Jumps the wall clock only. */
  setWall(wall: number): void {
    this.#wall = wall;
  }

  /** Moves time on; due timers fire in order, each at its own time, also those that they set. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#moveTo(next.at);
      next.action();
    }
    this.#moveTo(end);
  }

  /** Like `advance`, letting promises settle before and after each timer. */
  async advanceAsync(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#moveTo(next.at);
      next.action();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #moveTo(time: number): void {
    this.#wall += Math.max(0, time - this.#now);
    this.#now = Math.max(this.#now, time);
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}

/** Every promise reaction that is due now has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
