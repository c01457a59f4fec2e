import type { Clock, Timer } from "#lib/shared/clock.ts";

export type PeriodicTaskOptions = {
  clock: Clock;
  /** From the end of one run to the begin of the next, milliseconds. */
  everyMs: number;
  /** Before the first run, milliseconds; none by default. */
  firstAfterMs?: number | undefined;
  run(): Promise<void>;
  onFailure(error: unknown): void;
};

/** Work that is repeated until it is stopped, also if it fails. */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions;
  #running: Promise<void> = Promise.resolve();
  #next: Timer | undefined;
  #isStopped = false;

  constructor(options: PeriodicTaskOptions) {
    this.#options = options;
    if (options.firstAfterMs === undefined) this.#begin();
    else this.#next = options.clock.after(options.firstAfterMs, () => this.#begin());
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A run that is under way goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#next?.cancel();
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #begin(): void {
    this.#running = this.#runOnce();
  }

  async #runOnce(): Promise<void> {
    try {
      await this.#options.run();
    } catch (error) {
      this.#options.onFailure(error);
    }
    if (!this.#isStopped) this.#next = this.#options.clock.after(this.#options.everyMs, () => this.#begin());
  }
}
