import {
  interruptedRow,
  type LedgerRow,
  ledgerRow,
  type StartedRow,
  startedRow,
} from "#lib/services/ledger/ledger-row.ts";
import type { UsageLedger } from "#lib/services/ledger/usage-ledger.ts";
import type { Logger } from "#lib/services/ports.ts";
import { type Clock, sleep, type Timer } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The first turn of a batch waits this long for others, milliseconds. */
const GATHER_MS = 500;
const MOST_IN_BATCH = 200;
/** Rows kept in memory while the database is away; about 1 kB each. */
const MOST_WAITING = 50_000;
/** Pauses between tries while the database is away, milliseconds; the last one again and again. */
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** How often other processes' leavings are looked for, milliseconds. */
const ORPHANS_MS = 60_000;
/** What a warning that could be told of every turn is told at most once in, milliseconds. */
const WARN_MS = 60_000;

export type RefusedTurn = { requestId: string | null; reason: string };

export type LedgerStore = {
  /**
   * Stores turns; one that is there already is left as it is. Answers those that the database will not
   * have, whatever is tried. Throws `database_unavailable`, `not_configured` without a service role or
   * function, and `internal_error` when it would not take the batch.
   */
  record(rows: readonly LedgerRow[]): Promise<RefusedTurn[]>;
};

/** Where one turn stands in the journal. */
export type JournalTicket = {
  /** The database has the turn: the journal may forget it. */
  stored(): void;
};

/** A file of the journal that cannot be used: its turns have to wait until somebody mends it. */
export type UnreadableFile = { file: string; reason: string };

/** What a process that is no more has left; `unreadable` files are told of once. */
export type OrphanedTurns = {
  ended: LedgerRow[];
  started: StartedRow[];
  unreadable?: readonly UnreadableFile[];
};

/** Turns written down beside the process, so that they outlive it. */
export type TurnJournal = {
  begin(row: StartedRow): void;
  end(row: LedgerRow): JournalTicket;
  /**
   * What processes that are no more have left, a part at a time. A part counts as stored, and may be
   * deleted, once the next is asked for; who stops asking leaves the rest for later.
   */
  orphans(): AsyncGenerator<OrphanedTurns, void>;
  close(): void;
};

export type LedgerWriterDependencies = {
  store: LedgerStore;
  clock: Clock;
  logger: Logger;
  /** None where no file survives the process. */
  journal?: TurnJournal | undefined;
};

type Batch = {
  rows: LedgerRow[];
  tickets: JournalTicket[];
  stored: boolean;
  done: PromiseWithResolvers<void>;
};

/**
 * The ledger of turns without a session: rows go to the database in batches, one batch at a time, in the
 * order in which turns ended. What fails is tried again for as long as the process lives.
 */
export function createLedgerWriter(dependencies: LedgerWriterDependencies): UsageLedger {
  return new LedgerWriter(dependencies);
}

class LedgerWriter implements UsageLedger {
  readonly #store: LedgerStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #journal: TurnJournal | undefined;
  readonly #queue: Batch[] = [];
  /** The batch that is being filled. It is in no queue before it leaves. */
  #open: Batch | undefined;
  #gathering: Timer | undefined;
  /** The open batch need not wait for more. */
  #isDue = false;
  #isPumping = false;
  #pumping: Promise<void> = Promise.resolve();
  /** Turns in memory, those being stored included. */
  #waiting = 0;
  #nextWarning = Number.NEGATIVE_INFINITY;
  readonly #closing = new AbortController();
  #nextLook: Timer | undefined;
  #recovering: Promise<void> = Promise.resolve();

  constructor({ store, clock, logger, journal }: LedgerWriterDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#journal = journal;
    if (journal !== undefined) this.#recovering = this.#recoverForEver(journal);
  }

  begin: UsageLedger["begin"] = (start) => {
    if (this.#journal === undefined) return;
    try {
      this.#journal.begin(startedRow(start));
    } catch (error) {
      this.#journalFailed(error);
    }
  };

  end: UsageLedger["end"] = (entry) => {
    const row = ledgerRow(entry);
    const ticket = this.#note(row);
    if (this.#waiting >= MOST_WAITING || this.#closing.signal.aborted) {
      this.#overflow(row);
      return Promise.resolve();
    }
    const batch = this.#add(row, ticket);
    // The next request of a key with a budget has to see what this one cost.
    if (entry.caller.kind === "key" && entry.caller.limits.usdPerMonth !== undefined) this.#send();
    return batch.done.promise;
  };

  async close(): Promise<void> {
    this.#closing.abort();
    this.#nextLook?.cancel();
    this.#send();
    await this.#pumping;
    await this.#recovering;
    await this.#pumping;
    this.#journal?.close();
  }

  #note(row: LedgerRow): JournalTicket | undefined {
    try {
      return this.#journal?.end(row);
    } catch (error) {
      this.#journalFailed(error);
      return undefined;
    }
  }

  #add(row: LedgerRow, ticket: JournalTicket | undefined): Batch {
    this.#open ??= emptyBatch();
    const batch = this.#open;
    batch.rows.push(row);
    if (ticket !== undefined) batch.tickets.push(ticket);
    this.#waiting++;
    if (batch.rows.length >= MOST_IN_BATCH) {
      this.#takeOpen();
      this.#enqueue(batch);
    } else {
      this.#gathering ??= this.#clock.after(GATHER_MS, () => this.#send());
    }
    return batch;
  }

  /** The open batch may leave. While another is under way it goes on taking turns. */
  #send(): void {
    this.#isDue = true;
    this.#startPump();
  }

  #enqueue(batch: Batch): void {
    this.#queue.push(batch);
    this.#startPump();
  }

  #startPump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumping = this.#pump();
  }

  async #pump(): Promise<void> {
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      batch.stored = await this.#storeUntilDone(batch.rows);
      if (batch.stored) {
        for (const ticket of batch.tickets) this.#forget(ticket);
      }
      this.#waiting -= batch.rows.length;
      batch.done.resolve();
    }
    this.#isPumping = false;
  }

  #next(): Batch | undefined {
    return this.#queue.shift() ?? (this.#isDue ? this.#takeOpen() : undefined);
  }

  #takeOpen(): Batch | undefined {
    const batch = this.#open;
    this.#open = undefined;
    this.#isDue = false;
    this.#gathering?.cancel();
    this.#gathering = undefined;
    return batch;
  }

  /** False when the ledger was closed before the database took the rows. */
  async #storeUntilDone(rows: readonly LedgerRow[]): Promise<boolean> {
    for (let failures = 0; ; failures++) {
      const closing = this.#closing.signal.aborted;
      try {
        await this.#record(rows);
        return true;
      } catch (error) {
        if (closing) {
          const where = this.#journal === undefined ? "are lost" : "stay in the journal";
          this.#logger.error(`Turns could not be stored before the end; they ${where}.`, error, {
            turns: rows.length,
          });
          return false;
        }
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0;
        const fields = { turns: this.#waiting, pauseMs: pause };
        if (isAway(error)) this.#logger.warn("Storing turns failed; trying again.", fields);
        else this.#logger.error("Storing turns failed; trying again.", error, fields);
        await sleep(this.#clock, pause, this.#closing.signal);
      }
    }
  }

  /** Stores rows; those that the database will never take are told to the operator and given up. */
  async #record(rows: readonly LedgerRow[]): Promise<void> {
    try {
      for (const { requestId, reason } of await this.#store.record(rows)) this.#refused(requestId, reason);
    } catch (error) {
      if (!isRejection(error)) throw error;
      const [only] = rows;
      if (rows.length === 1 && only !== undefined) return this.#refused(only.requestId, error);
      // Something in there is at fault: the halves are tried by themselves, down to what it is.
      const middle = Math.ceil(rows.length / 2);
      await this.#record(rows.slice(0, middle));
      await this.#record(rows.slice(middle));
    }
  }

  #refused(requestId: string | null, reason: unknown): void {
    this.#logger.error("The database refused a turn; it is not in the ledger.", reason, { requestId });
  }

  async #recoverForEver(journal: TurnJournal): Promise<void> {
    try {
      await this.#recover(journal);
    } catch (error) {
      this.#logger.error("What an earlier run left could not be read; trying again later.", error);
    }
    if (this.#closing.signal.aborted) return;
    this.#nextLook = this.#clock.after(ORPHANS_MS, () => {
      this.#recovering = this.#recoverForEver(journal);
    });
  }

  async #recover(journal: TurnJournal): Promise<void> {
    for await (const { ended, started, unreadable = [] } of journal.orphans()) {
      for (const { file, reason } of unreadable) {
        this.#logger.warn("A file of an earlier run's turns cannot be read; the others are stored.", {
          file,
          reason,
        });
      }
      const rows = [...ended, ...started.map(interruptedRow)];
      for (let from = 0; from < rows.length; from += MOST_IN_BATCH) {
        const part = rows.slice(from, from + MOST_IN_BATCH);
        const batch = { ...emptyBatch(), rows: part };
        this.#waiting += part.length;
        this.#enqueue(batch);
        await batch.done.promise;
        // Leaving the loop keeps the files.
        if (!batch.stored || this.#closing.signal.aborted) return;
      }
      if (rows.length === 0) continue;
      this.#logger.info("Turns of an earlier run were stored.", {
        ended: ended.length,
        interrupted: started.length,
      });
    }
  }

  #forget(ticket: JournalTicket): void {
    try {
      ticket.stored();
    } catch (error) {
      this.#journalFailed(error);
    }
  }

  #overflow({ requestId }: LedgerRow): void {
    const where = this.#journal === undefined ? "it is lost" : "it stays in the journal until the next start";
    this.#warn(`A turn could not wait for the database; ${where}.`, { requestId, turns: this.#waiting });
  }

  #journalFailed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#warn("The journal of turns could not be written; turns in flight would not survive a crash.", {
      reason,
    });
  }

  #warn(message: string, fields: Parameters<Logger["warn"]>[1]): void {
    if (this.#clock.now() < this.#nextWarning) return;
    this.#nextWarning = this.#clock.now() + WARN_MS;
    this.#logger.warn(message, fields);
  }
}

function emptyBatch(): Batch {
  return { rows: [], tickets: [], stored: false, done: Promise.withResolvers() };
}

function isAway(error: unknown): boolean {
  return error instanceof GatewayError && error.code === "database_unavailable";
}

/** The database would not take it, as opposed to: is not there, or is not set up. */
function isRejection(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.code === "internal_error";
}
