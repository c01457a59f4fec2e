import type { RunRecord } from "#lib/providers/chat/run.ts";
import { abortError, clientClosed } from "#lib/providers/failures/run-errors.ts";
import type { LogFields, Logger, WaitUntil } from "#lib/services/ports.ts";
import { AttemptLog } from "#lib/services/run/attempt-log.ts";
import { logRunFailure } from "#lib/services/run/run-failure.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What the life of a run is told by. */
export type TrackedRecord = Pick<RunRecord, "state" | "attempts" | "skipped" | "late">;

/** Something that answers, a batch at a time, with a record of it that holds at any moment. */
export type TrackableRun<Batch, Record extends TrackedRecord> = {
  events: {
    next(): Promise<IteratorResult<Batch, void>>;
    /** Stops, and resolves when the record is complete. */
    return(): Promise<unknown>;
  };
  record: Record;
};

export type TrackedRunOptions<Record extends TrackedRecord> = {
  /** Aborts when the client leaves. */
  clientSignal: AbortSignal;
  /**
   * Writes the run down; called once, when it has ended, however it ended. A run that never began has no
   * record: it was `cancelled` by its client, or what had to come before it `failed`. Never rejects.
   */
  save(record: Record | undefined, unstarted: "cancelled" | "failed"): Promise<void>;
  waitUntil: WaitUntil;
  logger: Logger;
  logFields: LogFields;
};

/** The record of a run that never began. */
export function unstartedRecord(state: "cancelled" | "failed") {
  return { state, attempts: [], skipped: [], usages: [], engine: undefined, committed: false, text: "" };
}

/**
 * Every run that is not written down yet. An answer that nobody reads is held by nothing else, and what has been
 * collected as garbage does not see that the client leaves.
 */
const unsaved = new Set<object>();

const NOTHING_TRIED = { attempts: [], skipped: [] } as const;

/**
 * The life of a run on behalf of a client, whatever answers and whatever the client reads: it aborts when the
 * client leaves, it is written down once, and a failure is logged once.
 */
export class TrackedRun<Batch, Record extends TrackedRecord> {
  readonly #options: TrackedRunOptions<Record>;
  readonly #abort = new AbortController();
  readonly #attempts: AttemptLog;
  #run: TrackableRun<Batch, Record> | undefined;
  /** The run while it is still being made. */
  #starting: Promise<TrackableRun<Batch, Record>> | undefined;
  #saved: Promise<void> | undefined;
  #hasFailed = false;

  constructor(options: TrackedRunOptions<Record>) {
    this.#options = options;
    this.#attempts = new AttemptLog(options.logger, options.logFields);
    unsaved.add(this);
    const { clientSignal } = options;
    // A host may do no more for a client that has left than abort the signal: nobody reads or cancels then.
    if (clientSignal.aborted) this.#onClientAbort();
    else clientSignal.addEventListener("abort", this.#onClientAbort, { once: true });
  }

  /** Aborts when the client leaves and when the run is abandoned; whatever is asked on its behalf takes it. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What is known of the run; undefined before it starts. */
  get record(): Record | undefined {
    return this.#run?.record;
  }

  /** Begins to read. The run was made with `signal`. */
  start(run: TrackableRun<Batch, Record>): void {
    this.#run = run;
  }

  /**
   * Begins to read a run that is still being made, with `signal`. If the client leaves meanwhile, the run is
   * stopped and written down once it is there: making it may have cost something already. Throws why the signal
   * aborted, and what making the run throws.
   */
  async startWhenMade(starting: Promise<TrackableRun<Batch, Record>>): Promise<void> {
    this.#starting = starting;
    try {
      this.#run = await starting;
    } catch (thrown) {
      this.#throwIfAborted();
      throw thrown;
    } finally {
      this.#starting = undefined;
    }
    this.#throwIfAborted();
  }

  /**
   * The next batch; undefined once the run has completed. Throws `GatewayError` when it ended in another way.
   */
  async next(): Promise<Batch | undefined> {
    const run = this.#run;
    if (run === undefined) throw new Error("The run has not been started.");
    try {
      const step = await run.events.next();
      this.#attempts.note(run.record.attempts);
      if (step.done !== true) {
        // The answer is complete with this batch: its row is on its way before the client can tell.
        if (run.record.state === "completed") this.#save();
        return step.value;
      }
      // Abandoned between two batches: the run has ended, but not with an answer.
      if (run.record.state !== "completed") throw abortError(this.#options.clientSignal);
      this.#save();
      return undefined;
    } catch (thrown) {
      this.fail(thrown);
      throw thrown;
    }
  }

  /**
   * The run has come to nothing, before it began or since: writes it down and tells the operator why, once.
   */
  fail(thrown: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { logger, logFields } = this.#options;
    const record = this.#run?.record ?? NOTHING_TRIED;
    this.#attempts.note(record.attempts);
    logRunFailure(logger, record, thrown, logFields);
    this.#save();
  }

  /** Nobody reads any more: stops what is under way and writes it down. Harmless when repeated. */
  abandon(): void {
    // Nothing is left to abort after a complete answer.
    if (this.#run?.record.state !== "completed" && !this.#abort.signal.aborted) {
      this.#abort.abort(clientClosed());
    }
    this.#save();
  }

  /** Waits until the run is written down, for at most `milliseconds`; it is written down behind that, too. */
  async savedWithin(milliseconds: number, clock: Clock): Promise<void> {
    if (this.#run?.record.late !== undefined) {
      // What the answer has used may take long to come, and the client has waited for it already.
      void this.#save();
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(milliseconds, resolve);
    void this.#save().finally(resolve);
    await promise;
    timer.cancel();
  }

  #throwIfAborted(): void {
    if (this.signal.aborted) throw abortError(this.signal);
  }

  readonly #onClientAbort = (): void => {
    this.#abort.abort(this.#options.clientSignal.reason);
    this.#save();
  };

  /** Once, however often it is called. */
  #save(): Promise<void> {
    if (this.#saved !== undefined) return this.#saved;
    unsaved.delete(this);
    const { waitUntil, save } = this.#options;
    const run = this.#run;
    const starting = this.#starting;
    const unstarted = this.#hasFailed && !this.#abort.signal.aborted ? "failed" : "cancelled";
    // A run that was left may still be on its way out: its record is complete when it has ended. Otherwise no
    // promise is made here: while the database is unavailable, thousands of turns wait for it together.
    if (run?.record.state === "running") {
      this.#saved = this.#stop(run).then(() => save(run.record, unstarted));
    } else if (run === undefined && starting !== undefined) {
      this.#saved = this.#stopWhenMade(starting).then((record) => save(record, unstarted));
    } else if (run?.record.late !== undefined) {
      this.#saved = this.#lateUsage(run.record.late).then(() => save(run.record, unstarted));
    } else {
      this.#saved = save(run?.record, unstarted);
    }
    if (run?.record.late === undefined) this.#unlink();
    waitUntil(this.#saved);
    return this.#saved;
  }

  #unlink(): void {
    this.#options.clientSignal.removeEventListener("abort", this.#onClientAbort);
  }

  /** Waits for the usage of an answer that is complete. A client that leaves before its end ends the wait. */
  async #lateUsage(late: Promise<void>): Promise<void> {
    const [read] = await Promise.allSettled([late]);
    this.#unlink();
    if (read.status === "fulfilled") return;
    const { logger, logFields } = this.#options;
    logger.error("The usage of an answer could not be read.", read.reason, logFields);
  }

  /** The record of a run that was left before it was there; undefined if it has come to nothing. */
  async #stopWhenMade(starting: Promise<TrackableRun<Batch, Record>>): Promise<Record | undefined> {
    const [made] = await Promise.allSettled([starting]);
    if (made.status === "rejected") return undefined;
    if (made.value.record.state === "running") await this.#stop(made.value);
    return made.value.record;
  }

  /** A run that cannot even end properly is written down all the same. */
  async #stop({ events }: TrackableRun<Batch, Record>): Promise<void> {
    try {
      await events.return();
    } catch (error) {
      this.#options.logger.error("A run that was left did not end properly.", error, this.#options.logFields);
    }
  }
}
