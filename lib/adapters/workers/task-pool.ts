import type { TaskKind, TaskLimits } from "#lib/adapters/workers/task-kind.ts";
import { TaskWorker } from "#lib/adapters/workers/task-worker.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FairQueue } from "#lib/shared/fair-queue.ts";

export type TaskPoolOptions = TaskLimits & {
  /** Threads: tasks that are done at the same time. */
  threads: number;
  /** Tasks that wait for a thread; more are refused. */
  maxWaiting: number;
  /** The longest time that a task waits for a thread, milliseconds. */
  maxWaitMs: number;
  /** A thread ends after so many milliseconds without work. */
  idleMs: number;
  /** A thread ends after so many tasks: whatever a library keeps goes with it. */
  maxTasksPerThread: number;
};

/** When a refused request may be sent again, seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Who sent a task; where that is not known the signal of its request, which all its tasks have. */
type Owner = string | AbortSignal;

type Waiting<Task, Reply> = {
  owner: Owner;
  start(thread: Thread<Task, Reply>): void;
  refuse(error: Error): void;
};

type Thread<Task, Reply> = { worker: TaskWorker<Task, Reply>; tasks: number; idle: Timer | undefined };

/** A bounded number of threads for one kind of task: a hostile task costs its own thread, and its owner an error. */
export class TaskPool<Task, Reply> {
  readonly #kind: TaskKind<Task>;
  readonly #options: TaskPoolOptions;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, "warn">;
  readonly #queue = new FairQueue<Owner, Waiting<Task, Reply>>();
  readonly #idle: Thread<Task, Reply>[] = [];
  readonly #threads = new Set<Thread<Task, Reply>>();
  #isClosed = false;

  constructor(kind: TaskKind<Task>, options: TaskPoolOptions, clock: Clock, logger: Pick<Logger, "warn">) {
    this.#kind = kind;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Rejects also with `overloaded` if too many tasks wait. Owners take turns. */
  async run(task: Task, owner: string | undefined, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted();
    if (this.#isClosed) throw overloaded(CLOSING);
    const thread = this.#freeThread() ?? (await this.#waitForThread(owner ?? signal, signal));
    try {
      thread.tasks += 1;
      return await thread.worker.run(task, signal);
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

  /** An idle thread, or a new one if there may be one more. */
  #freeThread(): Thread<Task, Reply> | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      idle.idle?.cancel();
      return idle;
    }
    if (this.#threads.size >= this.#options.threads) return undefined;
    const worker = new TaskWorker<Task, Reply>(this.#kind, this.#options, this.#clock, this.#logger);
    const thread: Thread<Task, Reply> = { worker, tasks: 0, idle: undefined };
    this.#threads.add(thread);
    return thread;
  }

  /** A place in the queue, and then a thread. */
  async #waitForThread(owner: Owner, signal: AbortSignal): Promise<Thread<Task, Reply>> {
    if (this.#queue.size >= this.#options.maxWaiting) this.#makeRoom(owner);
    const { promise, resolve, reject } = Promise.withResolvers<Thread<Task, Reply>>();
    const waiting: Waiting<Task, Reply> = { owner, start: resolve, refuse: reject };
    const leave = (error: Error): void => {
      if (this.#queue.remove(waiting)) reject(error);
    };
    const onAbort = (): void => leave(signal.reason);
    const timer = this.#clock.after(this.#options.maxWaitMs, () => leave(overloaded(this.#kind.busy)));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#queue.add(waiting);
    try {
      return await promise;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** In a full queue whoever has the most tasks gives one up; throws `overloaded` if that is this owner. */
  #makeRoom(owner: Owner): void {
    const victim = this.#queue.victimOf(owner);
    if (victim === undefined) throw overloaded(this.#kind.busy);
    this.#queue.remove(victim);
    victim.refuse(overloaded(this.#kind.busy));
  }

  #giveBack(thread: Thread<Task, Reply>): void {
    if (!thread.worker.isRunning || thread.tasks >= this.#options.maxTasksPerThread || this.#isClosed) {
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

  #drop(thread: Thread<Task, Reply>, reason?: Error): Promise<void> {
    thread.idle?.cancel();
    this.#threads.delete(thread);
    const index = this.#idle.indexOf(thread);
    if (index !== -1) this.#idle.splice(index, 1);
    return thread.worker.stop(reason);
  }
}

const CLOSING = "The gateway is shutting down.";

function overloaded(what: string): GatewayError {
  return new GatewayError("overloaded", `${what} Try again shortly.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
