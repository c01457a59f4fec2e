import { Worker } from "node:worker_threads";
import type { DocumentReply, DocumentRequest } from "#lib/adapters/workers/document-messages.ts";
import { DocumentError } from "#lib/documents/document.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";

/** What one file may take. */
export type DocumentLimits = {
  /** Milliseconds. */
  timeoutMs: number;
  /** The JavaScript heap of the thread, megabytes. */
  heapMb: number;
  /** Memory outside the heap (buffers), which `resourceLimits` do not bound, megabytes beside the file itself. */
  externalMb: number;
};

const MEGABYTE = 1024 * 1024;
/** How often the memory of a thread is looked at, milliseconds: it can fill a gigabyte in a second. */
const WATCH_MS = 20;
/** Objects that die young, megabytes: taken from the heap that is meant for a file. */
const YOUNG_MB = 8;
const STACK_MB = 4;

type Job = { resolve(reply: DocumentReply): void; reject(error: Error): void };

/**
 * One thread, which reads one file at a time. It has no environment, so that no secret is in its reach, and
 * what a library writes to the console is discarded.
 */
export class DocumentWorker {
  readonly #worker: Worker;
  readonly #limits: DocumentLimits;
  readonly #clock: Clock;
  #job: Job | undefined;
  readonly #logger: Pick<Logger, "warn">;
  #isRunning = true;

  constructor(limits: DocumentLimits, clock: Clock, logger: Pick<Logger, "warn">) {
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
    this.#worker = new Worker(new URL("./document-thread.ts", import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
      // Without the flags of the host, such as a test runner's loaders.
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: limits.heapMb,
        maxYoungGenerationSizeMb: YOUNG_MB,
        stackSizeMb: STACK_MB,
      },
    });
    for (const output of [this.#worker.stdout, this.#worker.stderr]) output.resume();
    this.#worker.on("message", (reply: DocumentReply) => this.#job?.resolve(reply));
    this.#worker.on("error", (error: unknown) => this.#fail(this.#failureOf(error)));
    this.#worker.once("exit", () => this.#fail(tooComplex(INTERRUPTED)));
    // A thread without work keeps no process alive.
    this.#worker.unref();
  }

  /** False once it has ended, by itself or by `stop`: it is of no use any more. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Reads a file, one at a time. Past a limit, and when `signal` aborts, the thread ends.
   * @throws DocumentError `too_complex` past a limit; the signal's reason.
   */
  async read(bytes: Uint8Array, signal: AbortSignal): Promise<DocumentReply> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<DocumentReply>();
    this.#job = { resolve, reject };
    const end = (error: Error): void => void this.stop(error);
    const onAbort = (): void => end(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = this.#clock.after(this.#limits.timeoutMs, () =>
      end(tooComplex("Reading it took too long.")),
    );
    const watch = this.#watchMemory(bytes.length, end);
    this.#worker.ref();
    try {
      this.#post(bytes);
      return await promise;
    } finally {
      this.#job = undefined;
      timer.cancel();
      watch.cancel();
      signal.removeEventListener("abort", onAbort);
      this.#worker.unref();
    }
  }

  /** Ends the thread, and with it what it reads: `reason` is what whoever waits for it gets. */
  async stop(reason: Error = tooComplex(INTERRUPTED)): Promise<void> {
    this.#fail(reason);
    await this.#worker.terminate();
  }

  /** A copy is transferred: the caller may still need its bytes, and a transfer would take them away. */
  #post(bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes);
    const request: DocumentRequest = { bytes: copy };
    this.#worker.postMessage(request, [copy.buffer]);
  }

  /**
   * The thread answers also while it works. Its heap is watched too: an array that grows is copied, and passes its
   * limit by far before V8 looks.
   */
  #watchMemory(fileBytes: number, end: (error: Error) => void): Timer {
    const externalLimit = this.#limits.externalMb * MEGABYTE + fileBytes;
    const heapLimit = (this.#limits.heapMb + 3 * YOUNG_MB) * MEGABYTE;
    let timer: Timer | undefined;
    let isOver = false;
    const look = async (): Promise<void> => {
      const { external, heap } = await this.#memory();
      if (isOver) return;
      if (external > externalLimit || heap > heapLimit) end(tooComplex(TOO_MUCH_MEMORY));
      else timer = this.#clock.after(WATCH_MS, next);
    };
    const next = (): void =>
      void look().catch((error: unknown) => {
        if (!isOver) end(this.#failureOf(error));
      });
    next();
    return {
      cancel: () => {
        isOver = true;
        timer?.cancel();
      },
    };
  }

  /** Bytes; none of a thread that has not begun yet or has ended. */
  async #memory(): Promise<{ external: number; heap: number }> {
    try {
      const { external_memory: external, used_heap_size: heap } = await this.#worker.getHeapStatistics();
      return { external, heap };
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ERR_WORKER_NOT_RUNNING") {
        return { external: 0, heap: 0 };
      }
      throw error;
    }
  }

  #fail(error: Error): void {
    this.#isRunning = false;
    this.#job?.reject(error);
  }

  /** What ended a thread: too little memory, an error of a library outside of any call, or a missing file. */
  #failureOf(error: unknown): Error {
    if (error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") {
      return tooComplex(TOO_MUCH_MEMORY);
    }
    this.#logger.warn("A thread that reads documents failed.", { reason: String(error) });
    return tooComplex(INTERRUPTED);
  }
}

const INTERRUPTED = "It could not be read to its end.";
const TOO_MUCH_MEMORY = "Reading it took too much memory.";

function tooComplex(why: string): DocumentError {
  return new DocumentError(
    "too_complex",
    `The file is too complex. ${why} Send a part of it, or save it in a simpler form.`,
  );
}
