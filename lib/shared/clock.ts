/** A timer that can be cancelled; cancelling twice is harmless. */
export type Timer = { cancel(): void };

/** Time as an argument, so that tests can control it. */
export type Clock = {
  /** Monotonic milliseconds: never jumps when the wall clock is set. */
  now(): number;
  /** Wall clock, milliseconds since the epoch. */
  wallNow(): number;
  /** Runs `action` once after `milliseconds`. Does not keep the process alive. */
  after(milliseconds: number, action: () => void): Timer;
};

/** Resolves after `milliseconds`, or at once when the signal aborts (never rejects). */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(milliseconds, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
