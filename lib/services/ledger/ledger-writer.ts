import type { Ledger, LedgerGauges, LedgerTurn, TurnStart } from "#lib/services/ledger/ledger.ts";
import { LedgerLog } from "#lib/services/ledger/ledger-log.ts";
import type {
  LedgerStore,
  OrphanStore,
  ParkedTurns,
  TurnJournal,
} from "#lib/services/ledger/ledger-ports.ts";
import {
  charactersOf,
  type LedgerRow,
  type StartedRow,
  startedRow,
} from "#lib/services/ledger/ledger-row.ts";
import { OrphanRecovery } from "#lib/services/ledger/orphan-recovery.ts";
import { OrphanSettling } from "#lib/services/ledger/orphan-settling.ts";
import { ParkedInMemory } from "#lib/services/ledger/parked-in-memory.ts";
import { Parking } from "#lib/services/ledger/parking.ts";
import { SpillRecovery } from "#lib/services/ledger/spill-recovery.ts";
import { logLost, type Refusal, storeReduced, storeTurns } from "#lib/services/ledger/store-turns.ts";
import { TolerantJournal } from "#lib/services/ledger/tolerant-journal.ts";
import { TurnQueue, type WaitingTurn } from "#lib/services/ledger/turn-queue.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import { UnknownTurns } from "#lib/services/ledger/unknown-turns.ts";
import { gaugesOf, NONE_WAITING } from "#lib/services/ledger/waiting.ts";
import { type TurnSink, WrittenTurn } from "#lib/services/ledger/written-turn.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Rows kept in memory while the database is unavailable; about 1 kB each without their messages. */
const MAX_WAITING = 50_000;
/** With this many rows in memory, further ones wait in the journal alone, if there is one. */
const MAX_WAITING_BESIDE_JOURNAL = 10_000;
/**
 * With this many rows in memory, one of a turn that may not have been begun does not join them: while the
 * database is unavailable every request makes one, and those that were billed need the room.
 */
const MAX_WAITING_ABANDONED = 5_000;
/** Characters of messages kept in memory with them. Rows beyond wait in the journal, or without their messages. */
const MAX_WAITING_CHARACTERS = 64 * 1024 * 1024;

export type LedgerWriterDependencies = {
  store: LedgerStore;
  clock: Clock;
  logger: Logger;
  random: () => number;
  /** None if no file would survive the process. */
  journal?: TurnJournal | undefined;
  /** Where turns are kept that the database refuses; in memory by default. */
  parked?: ParkedTurns | undefined;
  /** Turns that other processes leave; without it nobody settles those. */
  orphans?: OrphanStore | undefined;
};

/** The one writer of turns: their rows go to the database in batches, see `TurnQueue`. */
export function createLedgerWriter(dependencies: LedgerWriterDependencies): Ledger {
  return new LedgerWriter(dependencies);
}

/** Work beside the queue. Once it is told to close, it begins nothing more. */
type Background = { startClosing(): void; idle(): Promise<void> };

class LedgerWriter implements Ledger, TurnSink {
  readonly #dependencies: LedgerWriterDependencies;
  readonly #log: LedgerLog;
  readonly #journal: TolerantJournal;
  readonly #queue: TurnQueue;
  readonly #unknown: UnknownTurns;
  readonly #parking: Parking;
  readonly #spill: SpillRecovery | undefined;
  readonly #background: Background[];
  #characters = 0;
  #isClosing = false;

  constructor(dependencies: LedgerWriterDependencies) {
    this.#dependencies = dependencies;
    const { clock, random, journal, logger, store, parked = new ParkedInMemory(), orphans } = dependencies;
    this.#log = new LedgerLog(clock, logger);
    this.#journal = new TolerantJournal(journal, this.#log);
    this.#unknown = new UnknownTurns(clock, (turn) => void this.#queue.add(turn, false));
    this.#queue = new TurnQueue({
      clock,
      random,
      store: (turns) => this.#store(turns),
      onFailure: (error, failures) => this.#log.failed(error, failures, this.#queue.length),
      onRecovery: () => this.#log.recovered(this.#queue.length),
      onStuck: (error, turn) => this.#stuck(error, turn),
      onGivenUp: (error, turns) => this.#log.givenUp(error, turns, journal !== undefined),
    });
    this.#parking = new Parking({ parked, store, clock, logger });
    this.#background = [this.#parking];
    if (orphans !== undefined) this.#background.push(new OrphanSettling({ orphans, clock, logger }));
    if (journal === undefined) return;
    this.#spill = new SpillRecovery({ journal, logger, store: (rows, since) => this.#addBatch(rows, since) });
    const recovery = new OrphanRecovery({ journal, clock, logger, store: (rows) => this.#addBatch(rows) });
    this.#background.push(this.#spill, recovery);
  }

  begin(start: TurnStart): LedgerTurn {
    const row = startedRow(start, this.#dependencies.clock.wallNow());
    this.#journal.begin(row);
    return new WrittenTurn(row, isUrgent(start), this);
  }

  end(row: LedgerRow, atOnce: boolean): Promise<void> {
    if (this.#isClosing) return this.#leave(row);
    if (this.#hasRoom(row)) return this.#add(row, atOnce);
    if (this.#spillTurn(row)) {
      const message = "More turns wait for the database than fit into memory; the others wait on disk.";
      this.#log.warn(message, { turns: this.#queue.length });
      return Promise.resolve();
    }
    if (this.#queue.length < MAX_WAITING) return this.#add(row, atOnce);
    logLost(this.#dependencies.logger, row, "It could not wait for the database.");
    return Promise.resolve();
  }

  noteToolCall({ requestId }: StartedRow, call: ToolCallRecord): void {
    this.#journal.toolCall(requestId, call);
  }

  forget({ requestId }: StartedRow): void {
    this.#journal.forget(requestId);
  }

  abandon(row: LedgerRow): void {
    if (this.#isClosing || this.#queue.length < MAX_WAITING_ABANDONED) return void this.end(row, false);
    if (this.#spillTurn(row)) return;
    const message = "Turns that may not have been begun are not waited for: the database is unavailable.";
    this.#log.warn(message, { turns: this.#queue.length });
  }

  gauges(): LedgerGauges {
    const { clock, journal } = this.#dependencies;
    const waiting = [this.#queue.waiting, this.#unknown.waiting, journal?.spilled ?? NONE_WAITING];
    return gaugesOf(clock.wallNow(), waiting, this.#parking.parked);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#unknown.lookNow();
    for (const work of this.#background) work.startClosing();
    this.#queue.startClosing();
    await this.#queue.idle();
    for (const work of this.#background) await work.idle();
    await this.#queue.idle();
    this.#dependencies.journal?.close();
  }

  /** Whether a row may wait in memory. */
  #hasRoom(row: LedgerRow): boolean {
    if (this.#dependencies.journal === undefined) return this.#queue.length < MAX_WAITING;
    const fits = this.#characters + charactersOf(row) <= MAX_WAITING_CHARACTERS;
    return fits && this.#queue.length < MAX_WAITING_BESIDE_JOURNAL;
  }

  #add(row: LedgerRow, atOnce: boolean): Promise<void> {
    const ticket = this.#journal.end(row);
    const since = this.#dependencies.clock.wallNow();
    return this.#queue.add({ row: this.#withinMemory(row), ticket, since }, atOnce);
  }

  /** Rows that are on disk. They are read a part at a time, so their messages always fit into memory. */
  #addBatch(rows: readonly LedgerRow[], since?: number): Promise<boolean> {
    for (const row of rows) this.#characters += charactersOf(row);
    return this.#queue.addBatch(
      rows.map((row) => ({ row, ticket: undefined, since: since ?? row.startedAt })),
    );
  }

  /** Whether a row waits on disk from now on. */
  #spillTurn(row: LedgerRow): boolean {
    if (!this.#journal.spill(row)) return false;
    this.#spill?.start();
    return true;
  }

  /** The ledger is closed: the next start stores the row. */
  async #leave(row: LedgerRow): Promise<void> {
    if (this.#journal.end(row) === undefined) {
      return logLost(this.#dependencies.logger, row, "The ledger was closed before.");
    }
    const message = "A turn has ended after the ledger was closed; it stays in the journal.";
    this.#log.warn(message, { requestId: row.requestId });
  }

  async #store(turns: readonly WaitingTurn[]): Promise<void> {
    const rows = turns.map(({ row }) => row);
    const { unknown, refused } = await storeTurns(rows, this.#dependencies);
    for (const turn of turns) {
      this.#characters -= charactersOf(turn.row);
      const refusal = refused.get(turn.row);
      if (unknown.has(turn.row)) this.#lookAgain(turn);
      else if (refusal !== undefined) this.#park(turn, refusal);
      else this.#stored(turn);
    }
  }

  /** The database does not refuse this turn, it fails with it. */
  async #stuck(error: unknown, turn: WaitingTurn): Promise<void> {
    let refusal: Refusal | undefined = { code: "rejected", reason: error };
    try {
      refusal = await storeReduced(turn.row, refusal, this.#dependencies);
    } catch (again) {
      refusal = { code: "rejected", reason: again };
    }
    this.#characters -= charactersOf(turn.row);
    if (refusal === undefined) this.#stored(turn);
    else this.#park(turn, refusal);
  }

  #park(turn: WaitingTurn, refusal: Refusal): void {
    if (this.#parking.park(turn.row, refusal)) this.#stored(turn);
    // It stays in the journal, if there is one: the next start tries again.
    else this.#unknown.forget(turn);
  }

  #stored(turn: WaitingTurn): void {
    this.#unknown.forget(turn);
    this.#journal.stored(turn.ticket);
  }

  #lookAgain(turn: WaitingTurn): void {
    if (!this.#unknown.hasTriesLeft(turn)) return this.#stored(turn);
    // It stays in the journal: the next start tries again.
    if (this.#isClosing) return;
    // A turn of an earlier process has no line in this journal yet, and its own file is deleted.
    this.#unknown.lookAgain({ ...turn, ticket: turn.ticket ?? this.#journal.end(turn.row) });
  }

  /** The row, without its messages if too many of them wait already. */
  #withinMemory(row: LedgerRow): LedgerRow {
    const characters = charactersOf(row);
    if (this.#characters + characters <= MAX_WAITING_CHARACTERS) {
      this.#characters += characters;
      return row;
    }
    this.#log.warn("Too many messages wait for the database; further turns are saved without theirs.");
    return { ...row, conversation: undefined };
  }
}

/**
 * Native streams wait for their row before they send `done`, and the next request of a key with a budget has
 * to see what this one cost.
 */
function isUrgent({ settleSecret, caller }: TurnStart): boolean {
  if (settleSecret !== undefined || caller.kind !== "key") return settleSecret !== undefined;
  return (caller.limits.usdPerMonth ?? caller.limits.requestsAtOnce) !== undefined;
}
