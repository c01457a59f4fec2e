import type { JournalTicket } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { type Clock, sleep, type Timer } from "#lib/shared/clock.ts";

/** The first turn of a batch waits this long for others, milliseconds. */
const GATHER_MS = 500;
export const MAX_BATCH = 200;
/** The first pause after a failure, doubled up to the largest, milliseconds; each differs by up to a quarter. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 2_000;
/** After this many failures in a row, only a part of the batch is sent: it may be too large for the database. */
const FAILURES_OF_WHOLE_BATCH = 3;

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
  #failures = 0;
  #length = 0;
  /** The batch that is being stored. */
  #storing: Batch | undefined;
  readonly #closing = new AbortController();

  constructor(dependencies: TurnQueueDependencies) {
    this.#dependencies = dependencies;
  }

  /** Turns in memory, those being stored included. */
  get length(): number {
    return this.#length;
  }

  /** Since when the turn waits that has waited longest, epoch milliseconds. */
  get oldestSince(): number | undefined {
    let oldest: number | undefined;
    for (const batch of [...this.#queue, this.#open, this.#storing]) {
      for (const { since } of batch?.turns ?? []) oldest = Math.min(oldest ?? since, since);
    }
    return oldest;
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
      const size = this.#partOf(batch);
      const isClosing = this.#closing.signal.aborted;
      try {
        await this.#dependencies.store(batch.turns.slice(0, size));
        batch.turns.splice(0, size);
        this.#length -= size;
        if (this.#failures > 0) this.#dependencies.onRecovery(this.#failures);
        this.#failures = 0;
      } catch (error) {
        if (isClosing) return this.#giveUp(batch, error);
        this.#failures++;
        this.#dependencies.onFailure(error, this.#failures);
        await sleep(this.#dependencies.clock, this.#pauseMs(), this.#closing.signal);
        // One turn alone that cannot be stored must not hold up the others.
        if (size === 1 && this.#isAnyWaiting()) return void this.#queue.push(batch);
      }
    }
    batch.stored = true;
    batch.done.resolve();
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

  #partOf({ turns }: Batch): number {
    const halvings = Math.max(0, this.#failures - FAILURES_OF_WHOLE_BATCH);
    return Math.max(1, Math.ceil(turns.length / 2 ** halvings));
  }

  #pauseMs(): number {
    const pauseMs = Math.min(MIN_PAUSE_MS * 2 ** (this.#failures - 1), MAX_PAUSE_MS);
    return pauseMs * (0.75 + this.#dependencies.random() / 2);
  }
}
