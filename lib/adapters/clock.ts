import type { Clock } from "#lib/shared/clock.ts";

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
