import type { Logger } from "#lib/services/ports.ts";

/** Work that goes on behind answers, such as storing a turn. Failures are logged. */
export class BackgroundWork {
  readonly #logger: Pick<Logger, "error">;
  readonly #running = new Set<Promise<void>>();

  constructor(logger: Pick<Logger, "error">) {
    this.#logger = logger;
  }

  add(work: Promise<void>): void {
    // Turns that are stored in one batch share one promise.
    if (this.#running.has(work)) return;
    this.#running.add(work);
    work.then(
      () => this.#running.delete(work),
      (error: unknown) => {
        this.#running.delete(work);
        this.#logger.error("Work behind an answer failed.", error);
      },
    );
  }

  /** Resolves once all work that was added before has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
