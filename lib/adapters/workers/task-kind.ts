import type { ResourceLimits, Worker } from "node:worker_threads";

/** What one task may take. */
export type TaskLimits = {
  /** Milliseconds. */
  timeoutMs: number;
  /** The JavaScript heap of the thread, megabytes. */
  heapMb: number;
  /** Memory outside the heap (buffers), which `resourceLimits` do not bound, megabytes beside the task's own bytes. */
  externalMb: number;
};

/** Why a thread ended before its task was done. */
export type Excess = "time" | "memory" | "interrupted";

/** What is sent to a thread. Its buffers are moved there, not copied. */
export type TaskMessage = { message: unknown; transfer: readonly ArrayBuffer[] };

/** A kind of work that is done in threads: which thread does it, and in which words it fails. */
export type TaskKind<Task> = {
  /** As the log names it: `reads documents`. */
  name: string;
  /**
   * Starts a thread, which answers each message with one: without an environment, so that no secret is in its reach;
   * without the flags of the host (`execArgv`), such as a test runner's loaders; with its output taken. The call of
   * `new Worker` must hold the thread's file and these options itself: a bundler that cannot read them, as they might
   * say `eval`, leaves the file as it is, and the thread of a Turbopack build then finds none of its imports.
   */
  start(resourceLimits: ResourceLimits): Worker;
  /** Made when a thread takes the task. */
  message(task: Task): TaskMessage;
  /** The error of a task whose thread had to end. */
  exceeded(excess: Excess): Error;
  /** Why a task is refused when too many wait: `Too many documents are being read at the moment.` */
  busy: string;
};
