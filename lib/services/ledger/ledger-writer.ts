import type { Ledger, LedgerGauges, LedgerTurn, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { JournalTicket, LedgerStore, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { type LedgerRow, type StartedRow, startedRow } from "#lib/services/ledger/ledger-row.ts";
import { OrphanRecovery } from "#lib/services/ledger/orphan-recovery.ts";
import { logLost, storeTurns } from "#lib/services/ledger/store-turns.ts";
import { TurnQueue, type WaitingTurn } from "#lib/services/ledger/turn-queue.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import { UnknownTurns } from "#lib/services/ledger/unknown-turns.ts";
import { type TurnSink, WrittenTurn } from "#lib/services/ledger/written-turn.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Rows kept in memory while the database is unavailable; about 1 kB each without their messages. */
const MAX_WAITING = 50_000;
/**
 * With this many rows in memory, one of a turn that may not have been begun does not join them: while the
 * database is unavailable every request makes one, and those that were billed need the room.
 */
const MAX_WAITING_ABANDONED = 5_000;
/** Characters of messages kept in memory with them; rows beyond wait without theirs. */
const MAX_WAITING_CHARACTERS = 64 * 1024 * 1024;
/** A warning that could concern every turn is logged at most once in this time, milliseconds. */
const WARN_MS = 60_000;

export type LedgerWriterDependencies = {
  store: LedgerStore;
  clock: Clock;
  logger: Logger;
  random: () => number;
  /** None if no file would survive the process. */
  journal?: TurnJournal | undefined;
};

/** The one writer of turns: their rows go to the database in batches, see `TurnQueue`. */
export function createLedgerWriter(dependencies: LedgerWriterDependencies): Ledger {
  return new LedgerWriter(dependencies);
}

class LedgerWriter implements Ledger, TurnSink {
  readonly #dependencies: LedgerWriterDependencies;
  readonly #queue: TurnQueue;
  readonly #recovery: OrphanRecovery | undefined;
  readonly #nextWarnings = new Map<string, number>();
  readonly #unknown: UnknownTurns;
  #characters = 0;
  /** It was logged that storing fails. */
  #hasWarned = false;
  #isClosing = false;

  constructor(dependencies: LedgerWriterDependencies) {
    this.#dependencies = dependencies;
    const { clock, random, journal, logger } = dependencies;
    this.#unknown = new UnknownTurns(clock, (turn) => void this.#queue.add(turn, false));
    this.#queue = new TurnQueue({
      clock,
      random,
      store: (turns) => this.#store(turns),
      onFailure: (error, failures) => this.#failed(error, failures),
      onRecovery: () => this.#recovered(),
      onGivenUp: (error, turns) => this.#givenUp(error, turns),
    });
    if (journal !== undefined) {
      const store = (rows: readonly LedgerRow[]): Promise<boolean> => {
        // They are read a part at a time, so their messages always fit into memory.
        for (const row of rows) this.#characters += charactersOf(row);
        return this.#queue.addBatch(rows.map((row) => ({ row, ticket: undefined, since: row.startedAt })));
      };
      this.#recovery = new OrphanRecovery({ journal, clock, logger, store });
    }
  }

  begin(start: TurnStart): LedgerTurn {
    const row = startedRow(start, this.#dependencies.clock.wallNow());
    this.#inJournal((journal) => journal.begin(row));
    return new WrittenTurn(row, isUrgent(start), this);
  }

  end(row: LedgerRow, atOnce: boolean): Promise<void> {
    const ticket = this.#note(row);
    if (this.#queue.length >= MAX_WAITING || this.#isClosing) {
      this.#overflow(row);
      return Promise.resolve();
    }
    return this.#queue.add(
      { row: this.#withinMemory(row), ticket, since: this.#dependencies.clock.wallNow() },
      atOnce,
    );
  }

  noteToolCall({ requestId }: StartedRow, call: ToolCallRecord): void {
    this.#inJournal((journal) => journal.toolCall(requestId, call));
  }

  forget({ requestId }: StartedRow): void {
    this.#inJournal((journal) => journal.forget(requestId));
  }

  abandon(row: LedgerRow): void {
    if (this.#queue.length < MAX_WAITING_ABANDONED) return void this.end(row, false);
    this.#note(row);
    const message = "Turns that may not have been begun are not waited for: the database is unavailable.";
    this.#warn(message, { turns: this.#queue.length });
  }

  gauges(): LedgerGauges {
    const unknown = this.#unknown.pending;
    const now = this.#dependencies.clock.wallNow();
    const inQueue = Math.min(now, this.#queue.oldestSince ?? now);
    const oldest = unknown.reduce((least, { since }) => Math.min(least, since), inQueue);
    return {
      waiting: this.#queue.length + unknown.length,
      parked: 0,
      oldestSeconds: (now - oldest) / 1_000,
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#unknown.lookNow();
    this.#recovery?.startClosing();
    this.#queue.startClosing();
    await this.#queue.idle();
    await this.#recovery?.idle();
    await this.#queue.idle();
    this.#dependencies.journal?.close();
  }

  async #store(turns: readonly WaitingTurn[]): Promise<void> {
    const unknown = new Set(
      await storeTurns(
        turns.map(({ row }) => row),
        this.#dependencies,
      ),
    );
    for (const turn of turns) {
      this.#characters -= charactersOf(turn.row);
      if (unknown.has(turn.row)) this.#lookAgain(turn);
      else this.#stored(turn);
    }
  }

  #stored(turn: WaitingTurn): void {
    const { ticket } = turn;
    this.#unknown.forget(turn);
    if (ticket !== undefined) this.#inJournal(() => ticket.stored());
  }

  #lookAgain(turn: WaitingTurn): void {
    if (!this.#unknown.hasTriesLeft(turn)) return this.#stored(turn);
    // It stays in the journal: the next start tries again.
    if (this.#isClosing) return;
    // A turn of an earlier process has no line in this journal yet, and its own file is deleted.
    this.#unknown.lookAgain({ ...turn, ticket: turn.ticket ?? this.#note(turn.row) });
  }

  /** The row, without its messages if too many of them wait already. */
  #withinMemory(row: LedgerRow): LedgerRow {
    const characters = charactersOf(row);
    if (this.#characters + characters <= MAX_WAITING_CHARACTERS) {
      this.#characters += characters;
      return row;
    }
    this.#warn("Too many messages wait for the database; further turns are saved without theirs.");
    return { ...row, conversation: undefined };
  }

  #note(row: LedgerRow): JournalTicket | undefined {
    return this.#inJournal((journal) => journal.end(row));
  }

  /** The turn goes on although the journal cannot be written. */
  #inJournal<Result>(work: (journal: TurnJournal) => Result): Result | undefined {
    const { journal } = this.#dependencies;
    if (journal === undefined) return undefined;
    try {
      return work(journal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn("The journal of turns could not be written; turns in flight would not survive a crash.", {
        reason,
      });
      return undefined;
    }
  }

  #failed(error: unknown, failures: number): void {
    const code = error instanceof GatewayError ? error.code : undefined;
    const fields = { turns: this.#queue.length, failures, code };
    const message = "Storing turns failed; trying again.";
    if (!this.#mayWarn(message)) return;
    this.#hasWarned = true;
    // A missing function is often about to be migrated: it is an error only if it stays missing.
    const passes = code === "database_unavailable" || (code !== undefined && failures === 1);
    if (passes) this.#dependencies.logger.warn(message, fields);
    else this.#dependencies.logger.error(message, error, fields);
  }

  #recovered(): void {
    if (this.#hasWarned)
      this.#dependencies.logger.info("Turns are stored again.", { turns: this.#queue.length });
    this.#hasWarned = false;
  }

  #givenUp(error: unknown, turns: readonly WaitingTurn[]): void {
    const { journal, logger } = this.#dependencies;
    const where = journal === undefined ? "are lost" : "stay in the journal";
    logger.error(`Turns could not be stored before the end; they ${where}.`, error, { turns: turns.length });
    if (journal === undefined) for (const { row } of turns) logLost(logger, row, error);
  }

  #overflow(row: LedgerRow): void {
    const { journal, logger } = this.#dependencies;
    if (journal === undefined) return logLost(logger, row, "It could not wait for the database.");
    this.#warn("A turn could not wait for the database; it stays in the journal until the next start.", {
      requestId: row.requestId,
      turns: this.#queue.length,
    });
  }

  #warn(message: string, fields?: LogFields): void {
    if (this.#mayWarn(message)) this.#dependencies.logger.warn(message, fields);
  }

  #mayWarn(message: string): boolean {
    const now = this.#dependencies.clock.now();
    if (now < (this.#nextWarnings.get(message) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#nextWarnings.set(message, now + WARN_MS);
    return true;
  }
}

/**
 * Native streams wait for their row before they send `done`, and the next request of a key with a budget has
 * to see what this one cost.
 */
function isUrgent({ settleSecret, caller }: TurnStart): boolean {
  return settleSecret !== undefined || (caller.kind === "key" && caller.limits.usdPerMonth !== undefined);
}

function charactersOf({ conversation }: LedgerRow): number {
  return conversation === undefined
    ? 0
    : conversation.userMessage.length + conversation.assistantMessage.length;
}
