import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "#lib/services/ports.ts";

/** How often it is looked whether something still runs, milliseconds. */
const CHECK_MS = 500;
/** Pauses between tries to start it again, doubled up to the longest, milliseconds. */
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** What has run for this long died of something new, milliseconds. */
const HEALTHY_MS = 60_000;

export type KeepRunningOptions = {
  /** What it is called in the log. */
  name: string;
  isRunning: () => boolean;
  /** Starts it again; false when somebody else is about to. What it throws is logged and tried again. */
  restart: () => Promise<boolean>;
  logger: Logger;
};

/** Starts something again whenever it has ended, until `stop`, which waits for a restart that is under way. */
export function keepRunning({ name, isRunning, restart, logger }: KeepRunningOptions): {
  stop(): Promise<void>;
} {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sleep = async (milliseconds: number): Promise<void> => {
    try {
      await pause(milliseconds, undefined, { signal, ref: false });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };

  const watch = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    let startedAt = performance.now();
    while (!signal.aborted) {
      await sleep(CHECK_MS);
      if (signal.aborted || isRunning()) continue;
      if (performance.now() - startedAt > HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      logger.warn(`${name} has ended; it is started again.`);
      while (!signal.aborted) {
        if (await tryOnce()) break;
        await sleep(pauseMs);
        pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      }
      startedAt = performance.now();
    }
  };

  const tryOnce = async (): Promise<boolean> => {
    try {
      if (!(await restart())) return false;
      logger.info(`${name} runs again.`);
      return true;
    } catch (error) {
      logger.error(`${name} could not be started again; trying later.`, error);
      return false;
    }
  };

  const watching = watch();
  return {
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}
