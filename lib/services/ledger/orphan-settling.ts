import type { OrphanStore } from "#lib/services/ledger/ledger-ports.ts";
import { PeriodicTask } from "#lib/services/ledger/periodic-task.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How often the database is searched for turns of dead processes, milliseconds. */
const INTERVAL_MS = 60_000;
/** Turns that one call settles, and calls in a row. */
const BATCH = 200;
const MAX_BATCHES = 50;

export type OrphanSettlingDependencies = { orphans: OrphanStore; clock: Clock; logger: Logger };

/**
 * Settles what other processes of the gateway have left in the database, and no journal knows: they died with their
 * disk. A process counts as dead when its lease in the database has run out.
 */
export class OrphanSettling {
  readonly #dependencies: OrphanSettlingDependencies;
  readonly #task: PeriodicTask;
  /** The database answered the last time. */
  #isReachable = false;
  #hasWarned = false;

  constructor(dependencies: OrphanSettlingDependencies) {
    this.#dependencies = dependencies;
    this.#task = new PeriodicTask({
      clock: dependencies.clock,
      everyMs: INTERVAL_MS,
      firstAfterMs: INTERVAL_MS,
      run: () => this.#settle(),
      onFailure: (error) => this.#failed(error),
    });
  }

  startClosing(): void {
    this.#task.stop();
  }

  async idle(): Promise<void> {
    await this.#task.idle();
  }

  async #settle(): Promise<void> {
    const { orphans, logger } = this.#dependencies;
    if (!this.#isReachable) {
      // While the database was unavailable no process could renew its lease: those that live get a minute for it.
      await orphans.settleOrphans(0);
      this.#isReachable = true;
      return;
    }
    let turns = 0;
    for (let batch = 0; batch < MAX_BATCHES && !this.#task.isStopped; batch++) {
      const { settled, more } = await orphans.settleOrphans(BATCH);
      turns += settled;
      if (!more) break;
    }
    if (turns > 0) logger.info("Turns that other processes had left were settled as interrupted.", { turns });
    this.#hasWarned = false;
  }

  #failed(error: unknown): void {
    this.#isReachable = false;
    // That the database is unavailable is said where turns are stored.
    if (error instanceof GatewayError && error.code === "database_unavailable") return;
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const message = "Turns that other processes leave when they die stay started; trying again every minute.";
    this.#dependencies.logger.error(message, error);
  }
}
