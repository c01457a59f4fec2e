import type { DocumentReply } from "#lib/adapters/workers/document-messages.ts";
import { type DocumentLimits, DocumentWorker } from "#lib/adapters/workers/document-worker.ts";
import { type Document, DocumentError } from "#lib/documents/document.ts";
import type { DocumentReader, FileBytes } from "#lib/services/documents/document-reader.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FairQueue } from "#lib/shared/fair-queue.ts";

export type DocumentPoolOptions = DocumentLimits & {
  /** Threads: files that are read at the same time. */
  threads: number;
  /** Files that wait for a thread; more are refused. */
  maxWaiting: number;
  /** The longest time that a file waits for a thread, milliseconds. */
  maxWaitMs: number;
  /** A thread ends after so many milliseconds without work. */
  idleMs: number;
  /** A thread ends after so many files: whatever a library keeps goes with it. */
  maxFilesPerThread: number;
};

const DOCUMENT_POOL: DocumentPoolOptions = {
  timeoutMs: 10_000,
  heapMb: 64,
  externalMb: 64,
  threads: 2,
  maxWaiting: 40,
  maxWaitMs: 20_000,
  idleMs: 30_000,
  maxFilesPerThread: 50,
};

/** When a refused request may be sent again, seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Who sent a file; where that is not known the signal of its request, which all its files have. */
type Owner = string | AbortSignal;

type Waiting = {
  owner: Owner;
  start(thread: Thread): void;
  refuse(error: Error): void;
};

type Thread = { worker: DocumentWorker; files: number; idle: Timer | undefined };

/** Reads documents in worker threads: a hostile file costs its own thread, and its owner an error. */
export class DocumentPool implements DocumentReader {
  readonly #options: DocumentPoolOptions;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, "warn">;
  readonly #queue = new FairQueue<Owner, Waiting>();
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  #isClosed = false;

  constructor(logger: Pick<Logger, "warn">, clock: Clock, options: Partial<DocumentPoolOptions> = {}) {
    this.#options = { ...DOCUMENT_POOL, ...options };
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Rejects also with `overloaded` if too many files wait. */
  async read(file: FileBytes, signal: AbortSignal): Promise<Document> {
    signal.throwIfAborted();
    if (this.#isClosed) throw overloaded(CLOSING);
    const thread = this.#freeThread() ?? (await this.#waitForThread(file.owner ?? signal, signal));
    try {
      thread.files += 1;
      return this.#documentOf(await thread.worker.read(file.bytes, signal));
    } finally {
      this.#giveBack(thread);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      next.refuse(overloaded(CLOSING));
    }
    await Promise.all([...this.#threads].map((thread) => this.#drop(thread, overloaded(CLOSING))));
  }

  #documentOf(reply: DocumentReply): Document {
    switch (reply.type) {
      case "read":
        return reply.document;
      case "refused":
        throw new DocumentError(reply.problem, reply.message);
      case "failed":
        this.#logger.warn("A document could not be read.", { reason: reply.message });
        throw new DocumentError(
          "damaged",
          "The file is damaged and cannot be read. Save it anew, or send another.",
        );
    }
  }

  /** An idle thread, or a new one if there may be one more. */
  #freeThread(): Thread | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      idle.idle?.cancel();
      return idle;
    }
    if (this.#threads.size >= this.#options.threads) return undefined;
    const worker = new DocumentWorker(this.#options, this.#clock, this.#logger);
    const thread: Thread = { worker, files: 0, idle: undefined };
    this.#threads.add(thread);
    return thread;
  }

  /** A place in the queue, and then a thread. */
  async #waitForThread(owner: Owner, signal: AbortSignal): Promise<Thread> {
    if (this.#queue.size >= this.#options.maxWaiting) this.#makeRoom(owner);
    const { promise, resolve, reject } = Promise.withResolvers<Thread>();
    const waiting: Waiting = { owner, start: resolve, refuse: reject };
    const leave = (error: Error): void => {
      if (this.#queue.remove(waiting)) reject(error);
    };
    const onAbort = (): void => leave(signal.reason);
    const timer = this.#clock.after(this.#options.maxWaitMs, () => leave(overloaded(WAITING)));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#queue.add(waiting);
    try {
      return await promise;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** In a full queue whoever has the most files gives one up; throws `overloaded` if that is this owner. */
  #makeRoom(owner: Owner): void {
    const victim = this.#queue.victimOf(owner);
    if (victim === undefined) throw overloaded(WAITING);
    this.#queue.remove(victim);
    victim.refuse(overloaded(WAITING));
  }

  #giveBack(thread: Thread): void {
    if (!thread.worker.isRunning || thread.files >= this.#options.maxFilesPerThread || this.#isClosed) {
      void this.#drop(thread);
    } else {
      thread.idle = this.#clock.after(this.#options.idleMs, () => void this.#drop(thread));
      this.#idle.push(thread);
    }
    if (this.#queue.size === 0 || this.#isClosed) return;
    // Handed over at once, so that nobody who comes now is served before those who wait.
    const free = this.#freeThread();
    if (free !== undefined) this.#queue.take()?.start(free);
  }

  #drop(thread: Thread, reason?: Error): Promise<void> {
    thread.idle?.cancel();
    this.#threads.delete(thread);
    const index = this.#idle.indexOf(thread);
    if (index !== -1) this.#idle.splice(index, 1);
    return thread.worker.stop(reason);
  }
}

const CLOSING = "The gateway is shutting down.";
const WAITING = "Too many documents are being read at the moment.";

function overloaded(what: string): GatewayError {
  return new GatewayError("overloaded", `${what} Try again shortly.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
