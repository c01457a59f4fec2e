import type { SpilledTurns, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { MAX_BATCH } from "#lib/services/ledger/store-pace.ts";
import type { Logger } from "#lib/services/ports.ts";

export type SpillRecoveryDependencies = {
  journal: TurnJournal;
  logger: Logger;
  /** Stores rows that wait since then; false if the ledger was closed before. */
  store(rows: readonly LedgerRow[], since: number): Promise<boolean>;
};

/**
 * Stores turns that wait on disk because memory is full: one file at a time is in memory, behind what waits there
 * already.
 */
export class SpillRecovery {
  readonly #dependencies: SpillRecoveryDependencies;
  #running: Promise<void> | undefined;
  /** Turns have been spilled since the last look. */
  #isDue = false;
  #isClosing = false;

  constructor(dependencies: SpillRecoveryDependencies) {
    this.#dependencies = dependencies;
  }

  /** There is something to be stored. */
  start(): void {
    if (this.#isClosing) return;
    this.#isDue = true;
    this.#running ??= this.#storeAll().finally(() => {
      this.#running = undefined;
    });
  }

  /** What has not been taken by then stays on disk. */
  startClosing(): void {
    this.#isClosing = true;
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #storeAll(): Promise<void> {
    while (this.#isDue && !this.#isClosing) {
      this.#isDue = false;
      await this.#storeSpilled();
    }
  }

  async #storeSpilled(): Promise<void> {
    while (!this.#isClosing) {
      const taken = await this.#take();
      if (taken === "none") return;
      if (taken === "unreadable") continue;
      // If they are not all stored, the file stays, and the next start stores it.
      if (!(await this.#storeRows(taken))) return;
      taken.stored();
    }
  }

  async #storeRows({ rows, since }: SpilledTurns): Promise<boolean> {
    const batches: Promise<boolean>[] = [];
    for (let from = 0; from < rows.length; from += MAX_BATCH) {
      batches.push(this.#dependencies.store(rows.slice(from, from + MAX_BATCH), since));
    }
    return (await Promise.all(batches)).every(Boolean);
  }

  async #take(): Promise<SpilledTurns | "none" | "unreadable"> {
    const { journal, logger } = this.#dependencies;
    try {
      return (await journal.takeSpilled()) ?? "none";
    } catch (error) {
      logger.error("Turns that wait on disk cannot be read; they stay there until the next start.", error);
      return "unreadable";
    }
  }
}
