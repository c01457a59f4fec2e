const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** npm passes on a Ctrl-C that the terminal has sent as well: two at once are one, milliseconds. */
const SAME_MS = 1_000;

/**
 * Calls `stop` at the first signal to end, and `giveUp` at the next one: who asks twice does not want
 * to wait.
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
