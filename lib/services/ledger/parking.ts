import type { LedgerStore, ParkedTurn, ParkedTurns } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { PeriodicTask } from "#lib/services/ledger/periodic-task.ts";
import { retryParked } from "#lib/services/ledger/retry-parked.ts";
import { logLost, numbersOf, type Refusal } from "#lib/services/ledger/store-turns.ts";
import type { Waiting } from "#lib/services/ledger/waiting.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { stringField } from "#lib/shared/json.ts";
import { truncate } from "#lib/shared/text.ts";

/** How often it is seen what other processes and the operator have changed, milliseconds. */
const REFRESH_MS = 60_000;
/** How often parked turns are tried again, milliseconds. */
const RETRY_MS = 3_600_000;
const MAX_REASON_LENGTH = 500;

export type ParkingDependencies = {
  parked: ParkedTurns;
  store: LedgerStore;
  clock: Clock;
  logger: Logger;
};

/**
 * Keeps the turns that the database refuses, and tries them again: at the start and once an hour, beside the queue, so
 * that they hold up nobody.
 */
export class Parking {
  readonly #dependencies: ParkingDependencies;
  #task: PeriodicTask | undefined;
  #nextRetry = Number.NEGATIVE_INFINITY;

  constructor(dependencies: ParkingDependencies) {
    this.#dependencies = dependencies;
    if (dependencies.parked.isShared) this.#watch();
  }

  get parked(): Waiting {
    return this.#dependencies.parked.kept;
  }

  /** Keeps a turn, and says so once, with what it cost; false if it cannot be kept. */
  park(row: LedgerRow, { code, reason }: Refusal): boolean {
    const { parked, clock, logger } = this.#dependencies;
    const turn: ParkedTurn = { row, code, reason: describe(reason), parkedAt: clock.wallNow() };
    try {
      if (!parked.add(turn)) {
        logLost(
          logger,
          row,
          `It cannot be parked: ${parked.kept.turns} turns are. The database said: ${turn.reason}`,
        );
        return false;
      }
    } catch (error) {
      logLost(logger, row, error);
      return false;
    }
    logger.error("The database refuses a turn; it is parked.", reason, numbersOf(row));
    if (this.#task === undefined) {
      this.#nextRetry = clock.now() + RETRY_MS;
      this.#watch();
    }
    return true;
  }

  startClosing(): void {
    this.#task?.stop();
  }

  async idle(): Promise<void> {
    await this.#task?.idle();
  }

  #watch(): void {
    const { clock, logger } = this.#dependencies;
    const task: PeriodicTask = new PeriodicTask({
      clock,
      everyMs: REFRESH_MS,
      run: () => this.#retryIfDue(() => task.isStopped),
      onFailure: (error) => logger.error("The parked turns could not be read; trying again later.", error),
    });
    this.#task = task;
  }

  async #retryIfDue(isStopped: () => boolean): Promise<void> {
    const { parked, clock, logger } = this.#dependencies;
    await parked.refresh();
    if (parked.kept.turns === 0 || clock.now() < this.#nextRetry) return;
    const { stored, refused, failed } = await retryParked({ ...this.#dependencies, isStopped });
    // If the database is unavailable, they are tried again in a minute.
    if (failed === 0 || stored + refused > 0) this.#nextRetry = clock.now() + RETRY_MS;
    if (stored > 0) logger.info("Parked turns were stored.", { turns: stored, parked: parked.kept.turns });
    else if (refused > 0) logger.warn("The database still refuses the parked turns.", { turns: refused });
  }
}

/** What the database said, without its details, which may quote a user's message. */
function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return truncate(String(reason), MAX_REASON_LENGTH);
  const said = stringField(reason.cause, "message");
  return truncate(said === undefined ? reason.message : `${reason.message} ${said}`, MAX_REASON_LENGTH);
}
