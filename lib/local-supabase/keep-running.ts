import { systemClock } from "#lib/adapters/clock.ts";
import type { Logger } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** How often it is checked whether something still runs, milliseconds. */
const CHECK_MS = 500;
/** The pause before it is started again, doubled each time up to the longest, milliseconds. */
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** After running for this long, it died of something new, milliseconds. */
const HEALTHY_MS = 60_000;

export type KeepRunningOptions = {
  /** What it is called in the log. */
  name: string;
  isRunning: () => boolean;
  /** Starts it again. If it throws, that is logged and tried again. */
  restart: () => Promise<void>;
  logger: Logger;
  clock?: Clock;
};

/**
 * Starts something again whenever it has ended, until `stop`, which waits for a restart that is under way.
 * At once if it had run for a while; after a growing pause if it ends soon after each start, or does not start.
 */
export function keepRunning({ name, isRunning, restart, logger, clock = systemClock }: KeepRunningOptions): {
  stop(): Promise<void>;
} {
  const stopping = new AbortController();
  const { signal } = stopping;

  const watch = async (): Promise<void> => {
    let startedAt = clock.now();
    let pauseMs = 0;
    while (!signal.aborted) {
      await sleep(clock, CHECK_MS, signal);
      if (signal.aborted || isRunning()) continue;
      if (clock.now() - startedAt > HEALTHY_MS) pauseMs = 0;
      logger.warn(`${name} has ended; it is started again.`, { pauseMs });
      for (;;) {
        if (pauseMs > 0) await sleep(clock, pauseMs, signal);
        if (signal.aborted) return;
        pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), MAX_PAUSE_MS);
        if (await tryOnce()) break;
      }
      startedAt = clock.now();
    }
  };

  const tryOnce = async (): Promise<boolean> => {
    try {
      await restart();
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
