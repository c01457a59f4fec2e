import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import type { DeletionQueue } from "#lib/services/storage/object-register.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

export type ObjectSweeperDependencies = {
  storage: Pick<ObjectStorage, "delete">;
  queue: DeletionQueue;
  clock: Clock;
  /** A number in [0, 1), so that the processes of a fleet do not all begin at once. */
  random(): number;
  logger: Logger;
};

/** Between two rounds. */
const EVERY_MS = 60_000;
/** Objects of one batch. */
const BATCH = 100;
/** Deletions that are under way together. */
const AT_ONCE = 8;
/** A storage that fails so often in one batch is left alone for a while. */
const MAX_FAILURES = 3;

/**
 * Takes objects from the storage that nobody refers to any more: of deleted conversations, files and users, and
 * uploads that were not ended. What cannot be deleted is tried again after ten minutes, by any process.
 */
export class ObjectSweeper {
  readonly #dependencies: ObjectSweeperDependencies;
  /** Monotonic milliseconds. */
  #nextAt = Number.NEGATIVE_INFINITY;
  /** A failure is logged when it begins, not every minute. */
  #isFailing = false;

  constructor(dependencies: ObjectSweeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Sweeps behind requests until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#dependencies;
    await sleep(clock, EVERY_MS * random(), signal);
    while (!signal.aborted) {
      await this.sweep(signal);
      await sleep(clock, EVERY_MS, signal);
    }
  }

  /** One round behind a request, where there is no background, unless the last one was a short time ago. */
  beside(waitUntil: WaitUntil, signal: AbortSignal): void {
    const { clock } = this.#dependencies;
    if (clock.now() < this.#nextAt) return;
    this.#nextAt = clock.now() + EVERY_MS;
    waitUntil(this.sweep(signal));
  }

  /** Deletes everything that is due. Never rejects. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { queue, logger } = this.#dependencies;
    let deleted = 0;
    try {
      let keys = await queue.due(BATCH);
      while (keys.length > 0 && !signal.aborted) {
        const { gone, failure } = await this.#deleteAll(keys, signal);
        if (gone.length > 0) await queue.deleted(gone);
        deleted += gone.length;
        if (failure !== undefined) throw failure;
        keys = keys.length < BATCH ? [] : await queue.due(BATCH);
      }
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !signal.aborted) {
        logger.error("Deleted files could not be taken from the storage; trying again.", error);
      }
      this.#isFailing = true;
    }
    if (deleted > 0) logger.info("Deleted files were taken from the storage.", { objects: deleted });
  }

  /** The keys of those that are gone, and why others are not. */
  async #deleteAll(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<{ gone: string[]; failure: unknown }> {
    const { storage } = this.#dependencies;
    const waiting = [...keys];
    const gone: string[] = [];
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
        if (signal.aborted || failures.length >= MAX_FAILURES) return;
        try {
          await storage.delete(key, signal);
          gone.push(key);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { gone, failure: failures[0] };
  }
}
