import type { OrphanedTurns, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { interruptedRow, type LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { PeriodicTask } from "#lib/services/ledger/periodic-task.ts";
import { MAX_BATCH } from "#lib/services/ledger/store-pace.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** How often the journal is searched for turns of dead processes, milliseconds. */
const INTERVAL_MS = 60_000;

export type OrphanRecoveryDependencies = {
  journal: TurnJournal;
  clock: Clock;
  logger: Logger;
  /** Stores rows; false if the ledger was closed before. */
  store(rows: readonly LedgerRow[]): Promise<boolean>;
};

/** Stores turns that dead processes left in the journal: at the start, and again every minute. */
export class OrphanRecovery {
  readonly #dependencies: OrphanRecoveryDependencies;
  readonly #task: PeriodicTask;

  constructor(dependencies: OrphanRecoveryDependencies) {
    this.#dependencies = dependencies;
    const { clock, logger } = dependencies;
    this.#task = new PeriodicTask({
      clock,
      everyMs: INTERVAL_MS,
      run: () => this.#recover(),
      onFailure: (error) =>
        logger.error("The journal of earlier runs could not be read; trying again later.", error),
    });
  }

  startClosing(): void {
    this.#task.stop();
  }

  async idle(): Promise<void> {
    await this.#task.idle();
  }

  async #recover(): Promise<void> {
    for await (const part of this.#dependencies.journal.orphans()) {
      // Leaving the loop keeps the files.
      if (!(await this.#storePart(part)) || this.#task.isStopped) return;
    }
  }

  async #storePart({ ended, started, unreadable = [] }: OrphanedTurns): Promise<boolean> {
    const { logger, store } = this.#dependencies;
    for (const { file, reason } of unreadable) {
      const message = "A journal file of an earlier run cannot be read; the others are stored.";
      logger.warn(message, { file, reason });
    }
    const rows = [...ended, ...started.map(interruptedRow)];
    for (let from = 0; from < rows.length; from += MAX_BATCH) {
      if (!(await store(rows.slice(from, from + MAX_BATCH)))) return false;
    }
    if (rows.length > 0) {
      const message = "Turns of an earlier run were stored.";
      logger.info(message, { ended: ended.length, interrupted: started.length });
    }
    return true;
  }
}
