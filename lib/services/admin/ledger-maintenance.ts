import type { Logger } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** How many days of the ledger are kept; 0 keeps all. */
export type Retention = {
  /** Of the log of attempts and tool calls. */
  eventsDays: number;
  /** Of turns. */
  usageDays: number;
};

/** What one batch has deleted, and whether there is more to delete. */
export type PrunedBatch = { events: number; usage: number; more: boolean };

/**
 * The database's own work on the ledger, in small batches. Only one process at a time does it: others are told
 * that there is nothing to do.
 */
export type LedgerMaintenanceStore = {
  /** Adds new calls and turns to the hourly figures. Returns whether there are more. */
  fold(): Promise<boolean>;
  prune(retention: Retention): Promise<PrunedBatch>;
};

export type LedgerMaintenanceDependencies = {
  store: LedgerMaintenanceStore;
  retention: Retention;
  clock: Clock;
  /** A number in [0, 1), so that the processes of a fleet do not all begin at once. */
  random: () => number;
  logger: Logger;
};

const FOLD_EVERY_MS = 60_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A round of pruning ends after this time, milliseconds: the figures are to be folded in between. */
const PRUNE_FOR_MS = 60_000;
/** Between batches. The database has four fifths of the time for requests, however slow it is. */
const MIN_PAUSE_MS = 200;
const PAUSE_PER_WORK = 4;

/**
 * Keeps the figures of the ledger current and deletes what is older than the operator wants to keep. It runs behind
 * requests, until the signal aborts, and never rejects: what fails is tried again a minute later.
 */
export class LedgerMaintenance {
  readonly #dependencies: LedgerMaintenanceDependencies;
  /** Monotonic milliseconds. */
  #nextPruneAt = Number.NEGATIVE_INFINITY;
  #deleted = { events: 0, usage: 0 };
  /** A failure is logged when it begins, not every minute. */
  #isFailing = false;

  constructor(dependencies: LedgerMaintenanceDependencies) {
    this.#dependencies = dependencies;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#dependencies;
    await sleep(clock, FOLD_EVERY_MS * (0.5 + random() / 2), signal);
    while (!signal.aborted) {
      await this.#round(signal);
      await sleep(clock, FOLD_EVERY_MS, signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { logger } = this.#dependencies;
    try {
      await this.#fold(signal);
      await this.#prune(signal);
      this.#isFailing = false;
    } catch (error) {
      if (this.#isFailing || signal.aborted) return;
      this.#isFailing = true;
      logger.error("The ledger's figures and its old rows could not be maintained; trying again.", error);
    }
  }

  async #fold(signal: AbortSignal): Promise<void> {
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      hasMore = await this.#batch(() => this.#dependencies.store.fold(), signal);
    }
  }

  async #prune(signal: AbortSignal): Promise<void> {
    const { clock, store, retention, logger } = this.#dependencies;
    if (clock.now() < this.#nextPruneAt) return;
    const endsAt = clock.now() + PRUNE_FOR_MS;
    while (!signal.aborted && clock.now() < endsAt) {
      const { events, usage, more } = await this.#batch(() => store.prune(retention), signal);
      this.#deleted = { events: this.#deleted.events + events, usage: this.#deleted.usage + usage };
      if (more) continue;
      this.#nextPruneAt = clock.now() + PRUNE_EVERY_MS;
      const { events: deletedEvents, usage: deletedTurns } = this.#deleted;
      this.#deleted = { events: 0, usage: 0 };
      if (deletedEvents + deletedTurns > 0)
        logger.info("Old rows of the ledger were deleted.", { events: deletedEvents, turns: deletedTurns });
      return;
    }
  }

  /** One call, and a pause after it in proportion. */
  async #batch<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const { clock } = this.#dependencies;
    const startedAt = clock.now();
    const result = await work();
    await sleep(clock, Math.max(MIN_PAUSE_MS, PAUSE_PER_WORK * (clock.now() - startedAt)), signal);
    return result;
  }
}
