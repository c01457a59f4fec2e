import type { JournalTicket } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { MAX_BATCH, StorePace } from "#lib/services/ledger/store-pace.ts";
import { type Waiting, waitingOf } from "#lib/services/ledger/waiting.ts";
import { type Clock, sleep, type Timer } from "#lib/shared/clock.ts";

/** The first turn of a batch waits this long for others, milliseconds. */
const GATHER_MS = 500;
/** A turn that fails alone so often, while others are stored in between, is at fault itself. */
const MAX_LONE_FAILURES = 3;

export type WaitingTurn = {
  row: LedgerRow;
  ticket: JournalTicket | undefined;
  /** When it began to wait, epoch milliseconds; of an earlier process's turn, when it began. */
  since: number;
};

/** Turns that are stored together. `stored` is false if the queue was closed before. */
export type Batch = {
  turns: WaitingTurn[];
  stored: boolean;
  done: PromiseWithResolvers<void>;
};

export type TurnQueueDependencies = {
  clock: Clock;
  random: () => number;
  /** Throws when the turns have to be stored again. */
  store(turns: readonly WaitingTurn[]): Promise<void>;
  /** Storing has failed `failures` times in a row. */
  onFailure(error: unknown, failures: number): void;
  /** Storing works again after this many failures. */
  onRecovery(failures: number): void;
  /** The database fails with this turn, again and again, and takes others: it leaves the queue. */
  onStuck(error: unknown, turn: WaitingTurn): Promise<void>;
  /** The queue was closed, and these turns could not be stored. */
  onGivenUp(error: unknown, turns: readonly WaitingTurn[]): void;
};

/**
 * Turns on their way to the database: in batches, one batch at a time, in the order in which turns ended.
 * Failures are tried again until the queue is closed. Pauses stay short, so that the end of an outage is
 * noticed within seconds.
 */
export class TurnQueue {
  readonly #dependencies: TurnQueueDependencies;
  readonly #queue: Batch[] = [];
  /** The batch that is being filled; not in the queue yet. */
  #open: Batch | undefined;
  #gathering: Timer | undefined;
  /** The open batch need not wait for more. */
  #isDue = false;
  #isPumping = false;
  #pumping: Promise<void> = Promise.resolve();
  readonly #pace: StorePace;
  /** The turn that failed alone just now. */
  #failedAlone: WaitingTurn | undefined;
  /** How often turns failed alone when the next ones were stored. They are tried alone from then on. */
  readonly #suspects = new WeakMap<WaitingTurn, number>();
  #length = 0;
  /** The batch that is being stored. */
  #storing: Batch | undefined;
  readonly #closing = new AbortController();

  constructor(dependencies: TurnQueueDependencies) {
    this.#dependencies = dependencies;
    this.#pace = new StorePace(dependencies.clock, dependencies.random);
  }

  /** Turns in memory, those being stored included. */
  get length(): number {
    return this.#length;
  }

  get waiting(): Waiting {
    const batches = [...this.#queue, this.#open, this.#storing];
    return waitingOf(batches.flatMap((batch) => batch?.turns.map(({ since }) => since) ?? []));
  }

  /**
   * Takes a turn; resolves when its batch is stored or given up.
   * @param atOnce do not wait for others. Turns that come while a batch is under way still share one.
   */
  add(turn: WaitingTurn, atOnce: boolean): Promise<void> {
    this.#open ??= { turns: [], stored: false, done: Promise.withResolvers() };
    const batch = this.#open;
    batch.turns.push(turn);
    this.#length++;
    if (batch.turns.length >= MAX_BATCH) {
      this.#takeOpen();
      this.#enqueue(batch);
    } else if (atOnce) this.#send();
    else this.#gathering ??= this.#dependencies.clock.after(GATHER_MS, () => this.#send());
    return batch.done.promise;
  }

  /** Takes a whole batch. Resolves with whether it was stored. */
  async addBatch(turns: readonly WaitingTurn[]): Promise<boolean> {
    const batch: Batch = { turns: [...turns], stored: false, done: Promise.withResolvers() };
    this.#length += turns.length;
    this.#enqueue(batch);
    await batch.done.promise;
    return batch.stored;
  }

  /** No failure is tried again from now on. */
  startClosing(): void {
    this.#closing.abort();
    this.#send();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#pumping;
  }

  /** The open batch is due. While another one is under way it goes on taking turns. */
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
      this.#storing = batch;
      await this.#store(batch);
    }
    this.#storing = undefined;
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

  /** Stores a batch, in parts if it failed as a whole. */
  async #store(batch: Batch): Promise<void> {
    while (batch.turns.length > 0) {
      const part = this.#partOf(batch);
      const isClosing = this.#closing.signal.aborted;
      try {
        await this.#dependencies.store(part);
        this.#take(part, batch);
        this.#suspect(part);
        if (this.#pace.failures > 0) this.#dependencies.onRecovery(this.#pace.failures);
        this.#pace.stored();
      } catch (error) {
        if (isClosing) return this.#giveUp(batch, error);
        this.#pace.failed(part.length);
        this.#dependencies.onFailure(error, this.#pace.failures);
        await sleep(this.#dependencies.clock, this.#pace.pauseMs(), this.#closing.signal);
        const [only, ...more] = part;
        if (only === undefined || more.length > 0) continue;
        // One turn alone that cannot be stored must not hold up the others.
        if ((this.#suspects.get(only) ?? 0) >= MAX_LONE_FAILURES) {
          this.#take(part, batch);
          await this.#dependencies.onStuck(error, only);
          continue;
        }
        this.#failedAlone = only;
        // The others come first.
        batch.turns = [...batch.turns.filter((turn) => turn !== only), only];
        if (this.#isAnyWaiting()) return void this.#queue.push(batch);
      }
    }
    batch.stored = true;
    batch.done.resolve();
  }

  #take(part: readonly WaitingTurn[], batch: Batch): void {
    batch.turns = batch.turns.filter((turn) => !part.includes(turn));
    this.#length -= part.length;
  }

  /** If a turn has failed alone just before these were stored, it is not the database that is at fault. */
  #suspect(stored: readonly WaitingTurn[]): void {
    const turn = this.#failedAlone;
    this.#failedAlone = undefined;
    if (turn === undefined || stored.includes(turn)) return;
    this.#suspects.set(turn, (this.#suspects.get(turn) ?? 0) + 1);
  }

  /** Whether another batch is due; it is put into the queue then. */
  #isAnyWaiting(): boolean {
    const due = this.#isDue ? this.#takeOpen() : undefined;
    if (due !== undefined) this.#queue.push(due);
    return this.#queue.length > 0;
  }

  #giveUp(batch: Batch, error: unknown): void {
    this.#length -= batch.turns.length;
    this.#dependencies.onGivenUp(error, batch.turns);
    batch.done.resolve();
  }

  /** What is sent next of a batch. */
  #partOf({ turns }: Batch): WaitingTurn[] {
    const sound = turns.filter((turn) => !this.#suspects.has(turn));
    return sound.length > 0 ? sound.slice(0, this.#pace.limit) : turns.slice(0, 1);
  }
}
