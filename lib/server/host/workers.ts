import cluster, { type Worker } from "node:cluster";
import { setTimeout as pause } from "node:timers/promises";
import { PrimaryMetrics } from "#lib/adapters/telemetry/worker-metrics.ts";

/** A worker that died is replaced after this, doubled each time up to the longest, milliseconds. */
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
/** A worker that ran for this long died of something new, milliseconds. */
const HEALTHY_MS = 60_000;
/** Beyond their grace period, workers get this long to save and close, milliseconds. */
const CLOSING_MS = 15_000;

export type Workers = {
  /** Resolves with the port once all accept connections; with undefined if one cannot start. */
  listening: Promise<number | undefined>;
  /** Resolves with the exit code once all have ended. */
  ended: Promise<number>;
  /** Tells all to read the configuration again. */
  reload(): void;
  stop(): void;
};

/**
 * Starts this program `count` times over, all behind one port, and replaces those that die. Each runs
 * with `cluster.isPrimary` false and is told what to do by messages.
 */
export function startWorkers(count: number, graceMs: number, log: (line: string) => void): Workers {
  const pool = new WorkerPool(count, graceMs, log);
  return {
    listening: pool.listening.promise,
    ended: pool.ended.promise,
    reload: () => pool.reload(),
    stop: () => pool.stop(),
  };
}

class WorkerPool {
  readonly listening = Promise.withResolvers<number | undefined>();
  readonly ended = Promise.withResolvers<number>();
  readonly #count: number;
  readonly #graceMs: number;
  readonly #log: (line: string) => void;
  readonly #alive = new Set<Worker>();
  readonly #metrics = new PrimaryMetrics();
  #ready = 0;
  #isStopping = false;
  #exitCode = 0;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(count: number, graceMs: number, log: (line: string) => void) {
    this.#count = count;
    this.#graceMs = graceMs;
    this.#log = log;
    for (let place = 1; place <= count; place++) this.#start(place);
  }

  reload(): void {
    // One that has just died is replaced by one that reads the configuration at its start.
    for (const worker of this.#alive) if (worker.isConnected()) worker.send(RELOAD, () => undefined);
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const worker of this.#alive) sendStop(worker);
    setTimeout(() => {
      for (const worker of this.#alive) worker.process.kill("SIGKILL");
    }, this.#graceMs + CLOSING_MS).unref();
    if (this.#alive.size === 0) this.ended.resolve(this.#exitCode);
  }

  /** @param place from 1; a worker takes that of the one it replaces, so that metrics do not get more series. */
  #start(place: number): void {
    const worker = cluster.fork();
    const startedAt = performance.now();
    this.#alive.add(worker);
    this.#metrics.join(String(place), worker);
    worker.once("listening", ({ port }) => {
      this.#ready++;
      if (this.#ready === this.#count) this.listening.resolve(port);
    });
    worker.once("exit", (code, signal) => {
      this.#alive.delete(worker);
      this.#metrics.leave(String(place));
      if (!this.#isStopping && this.#ready < this.#count) this.#failStart(code);
      if (!this.#isStopping) {
        this.#log(`Worker ${worker.process.pid} exited (${signal ?? code}); another one is started.`);
        this.#replace(place, performance.now() - startedAt);
      } else if (this.#alive.size === 0) this.ended.resolve(this.#exitCode);
    });
  }

  /** The worker has logged why it cannot start; another one could not either. */
  #failStart(code: number): void {
    this.#exitCode = code || 1;
    this.listening.resolve(undefined);
    this.stop();
  }

  #replace(place: number, livedMs: number): void {
    if (livedMs > HEALTHY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    void pause(this.#pauseMs).then(() => {
      if (!this.#isStopping) this.#start(place);
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }
}

const STOP = "stop";
const RELOAD = "reload";

/** A worker may be going already while it still counts as connected: its exit tells then, not the error. */
function sendStop(worker: Worker): void {
  const terminate = (): unknown => worker.process.kill("SIGTERM");
  if (worker.isConnected()) worker.send(STOP, (error) => error === null || terminate());
  else terminate();
}

/** In a worker: does what the primary asks for, and stops when that is gone. */
export function onPrimaryMessages({ stop, reload }: { stop(): void; reload(): void }): void {
  process.on("message", (message) => {
    if (message === STOP) stop();
    else if (message === RELOAD) reload();
  });
  process.once("disconnect", stop);
}
