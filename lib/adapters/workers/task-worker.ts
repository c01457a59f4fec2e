import type { Worker } from "node:worker_threads";
import type { Excess, TaskKind, TaskLimits } from "#lib/adapters/workers/task-kind.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";

const MEGABYTE = 1024 * 1024;
/** How often the memory of a thread is looked at, milliseconds: it can fill a gigabyte in a second. */
const WATCH_MS = 20;
/** Objects that die young, megabytes: taken from the heap that is meant for a task. */
const YOUNG_MB = 8;
const STACK_MB = 4;

type Job<Reply> = { resolve(reply: Reply): void; reject(error: Error): void };

/**
 * One thread, which does one task at a time. It has no environment, so that no secret is in its reach, and
 * what a library writes to the console is discarded.
 */
export class TaskWorker<Task, Reply> {
  readonly #kind: TaskKind<Task>;
  readonly #worker: Worker;
  readonly #limits: TaskLimits;
  readonly #clock: Clock;
  #job: Job<Reply> | undefined;
  readonly #logger: Pick<Logger, "warn">;
  #isRunning = true;

  constructor(kind: TaskKind<Task>, limits: TaskLimits, clock: Clock, logger: Pick<Logger, "warn">) {
    this.#kind = kind;
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
    this.#worker = kind.start({
      maxOldGenerationSizeMb: limits.heapMb,
      maxYoungGenerationSizeMb: YOUNG_MB,
      stackSizeMb: STACK_MB,
    });
    for (const output of [this.#worker.stdout, this.#worker.stderr]) output.resume();
    this.#worker.on("message", (reply: Reply) => this.#job?.resolve(reply));
    this.#worker.on("error", (error: unknown) => this.#fail(this.#failureOf(error)));
    this.#worker.once("exit", () => this.#fail(kind.exceeded("interrupted")));
    // A thread without work keeps no process alive.
    this.#worker.unref();
  }

  /** False once it has ended, by itself or by `stop`: it is of no use any more. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Does a task, one at a time. Past a limit, and when `signal` aborts, the thread ends.
   * @throws the kind's error past a limit; the signal's reason.
   */
  async run(task: Task, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#job = { resolve, reject };
    const end = (error: Error): void => void this.stop(error);
    const onAbort = (): void => end(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = this.#clock.after(this.#limits.timeoutMs, () => end(this.#kind.exceeded("time")));
    const { message, transfer } = this.#kind.message(task);
    const watch = this.#watchMemory(totalBytes(transfer), end);
    this.#worker.ref();
    try {
      this.#worker.postMessage(message, transfer);
      return await promise;
    } finally {
      this.#job = undefined;
      timer.cancel();
      watch.cancel();
      signal.removeEventListener("abort", onAbort);
      this.#worker.unref();
    }
  }

  /** Ends the thread, and with it what it does: `reason` is what whoever waits for it gets. */
  async stop(reason: Error = this.#kind.exceeded("interrupted")): Promise<void> {
    this.#fail(reason);
    await this.#worker.terminate();
  }

  /**
   * The thread answers also while it works. Its heap is watched too: an array that grows is copied, and passes its
   * limit by far before V8 looks.
   */
  #watchMemory(ownBytes: number, end: (error: Error) => void): Timer {
    const externalLimit = this.#limits.externalMb * MEGABYTE + ownBytes;
    const heapLimit = (this.#limits.heapMb + 3 * YOUNG_MB) * MEGABYTE;
    let timer: Timer | undefined;
    let isOver = false;
    const look = async (): Promise<void> => {
      const { external, heap } = await this.#memory();
      if (isOver) return;
      if (external > externalLimit || heap > heapLimit) end(this.#kind.exceeded("memory"));
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
    const excess: Excess = isOutOfMemory(error) ? "memory" : "interrupted";
    if (excess === "interrupted") {
      this.#logger.warn(`A thread that ${this.#kind.name} failed.`, { reason: String(error) });
    }
    return this.#kind.exceeded(excess);
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function totalBytes(buffers: readonly ArrayBuffer[]): number {
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
