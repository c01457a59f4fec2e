const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** npm forwards a Ctrl-C that the terminal sends as well: signals within this time count once, milliseconds. */
const SAME_MS = 1_000;

/**
 * Calls `stop` at the first signal, and `giveUp` at the next one: a user who sends two does not want to wait.
 */
export function onStopSignals(stop: (signal: string) => void, giveUp: () => void): void {
  let firstAt: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        stop(signal);
      } else if (performance.now() - firstAt > SAME_MS) giveUp();
    });
  }
}
