import cluster, { type Worker } from "node:cluster";
import { setTimeout as pause } from "node:timers/promises";

/** A worker that died is replaced after this, doubled each time up to the longest, milliseconds. */
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
/** One that has lived this long died of something new. */
const HEALTHY_MS = 60_000;
/** Beyond their grace period, workers get this long to save and close, milliseconds. */
const CLOSING_MS = 15_000;

export type Workers = {
  /** Resolves with the port once all accept connections; undefined when one cannot start. */
  listening: Promise<number | undefined>;
  /** Resolves with the exit code once all have ended. */
  ended: Promise<number>;
  stop(): void;
};

/**
 * Starts this program `count` times over, all behind one port, and replaces those that die. Each runs
 * with `cluster.isPrimary` false and is told to stop by a message.
 */
export function startWorkers(count: number, graceMs: number, log: (line: string) => void): Workers {
  const listening = Promise.withResolvers<number | undefined>();
  const ended = Promise.withResolvers<number>();
  const alive = new Set<Worker>();
  let ready = 0;
  let stopping = false;
  let exitCode = 0;
  let pauseMs = FIRST_PAUSE_MS;

  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    for (const worker of alive) tell(worker);
    setTimeout(() => {
      for (const worker of alive) worker.process.kill("SIGKILL");
    }, graceMs + CLOSING_MS).unref();
    if (alive.size === 0) ended.resolve(exitCode);
  };

  const start = (): void => {
    const worker = cluster.fork();
    const startedAt = performance.now();
    alive.add(worker);
    worker.once("listening", ({ port }) => {
      ready++;
      if (ready === count) listening.resolve(port);
    });
    worker.once("exit", (code, signal) => {
      alive.delete(worker);
      if (!stopping && ready < count) {
        // It has said why. What cannot start once will not start the second time.
        exitCode = code || 1;
        listening.resolve(undefined);
        stop();
      }
      if (stopping) {
        if (alive.size === 0) ended.resolve(exitCode);
        return;
      }
      log(`Worker ${worker.process.pid} ended (${signal ?? code}); another takes its place.`);
      pauseMs = performance.now() - startedAt > HEALTHY_MS ? FIRST_PAUSE_MS : pauseMs;
      void pause(pauseMs).then(() => {
        if (!stopping) start();
      });
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    });
  };

  for (let index = 0; index < count; index++) start();
  return { listening: listening.promise, ended: ended.promise, stop };
}

const STOP = "stop";

function tell(worker: Worker): void {
  if (worker.isConnected()) worker.send(STOP);
  else worker.process.kill("SIGTERM");
}

/** In a worker: calls `stop` when the primary says so, or is gone. */
export function onPrimaryStop(stop: () => void): void {
  process.on("message", (message) => {
    if (message === STOP) stop();
  });
  process.once("disconnect", stop);
}
