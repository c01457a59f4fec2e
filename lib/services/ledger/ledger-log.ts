import { logLost } from "#lib/services/ledger/store-turns.ts";
import type { WaitingTurn } from "#lib/services/ledger/turn-queue.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A warning that could concern every turn is logged at most once in this time, milliseconds. */
const WARN_MS = 60_000;

/** What the ledger tells the operator. */
export class LedgerLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #nextWarnings = new Map<string, number>();
  /** It was logged that storing fails. */
  #hasWarned = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  failed(error: unknown, failures: number, turns: number): void {
    const code = error instanceof GatewayError ? error.code : undefined;
    const fields = { turns, failures, code };
    const message = "Storing turns failed; trying again.";
    if (!this.#mayWarn(message)) return;
    this.#hasWarned = true;
    // A missing function is often about to be migrated: it is an error only if it stays missing.
    const passes = code === "database_unavailable" || (code !== undefined && failures === 1);
    if (passes) this.#logger.warn(message, fields);
    else this.#logger.error(message, error, fields);
  }

  recovered(turns: number): void {
    if (this.#hasWarned) this.#logger.info("Turns are stored again.", { turns });
    this.#hasWarned = false;
  }

  /** The ledger is closed before these are stored. */
  givenUp(error: unknown, turns: readonly WaitingTurn[], hasJournal: boolean): void {
    const where = hasJournal ? "stay in the journal" : "are lost";
    const message = `Turns could not be stored before the end; they ${where}.`;
    this.#logger.error(message, error, { turns: turns.length });
    if (!hasJournal) for (const { row } of turns) logLost(this.#logger, row, error);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#mayWarn(message)) this.#logger.warn(message, fields);
  }

  #mayWarn(message: string): boolean {
    const now = this.#clock.now();
    if (now < (this.#nextWarnings.get(message) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#nextWarnings.set(message, now + WARN_MS);
    return true;
  }
}
