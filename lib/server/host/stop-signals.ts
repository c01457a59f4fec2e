import { isatty } from "node:tty";

/** npm forwards a Ctrl-C that the terminal sends as well: signals within this time count once, milliseconds. */
const SAME_MS = 1_000;
const STANDARD_INPUT = 0;

/**
 * SIGHUP tells a service to read its configuration again. On a terminal it says that the terminal closes, as it does on
 * Windows always.
 */
function hangUpStops(): boolean {
  return process.platform === "win32" || isatty(STANDARD_INPUT);
}

/**
 * Calls `stop` at the first signal, and `giveUp` at the next one: a user who sends two does not want to wait.
 */
export function onStopSignals(stop: (signal: string) => void, giveUp: () => void): void {
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
  if (hangUpStops()) signals.push("SIGHUP");
  let firstAt: number | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        stop(signal);
      } else if (performance.now() - firstAt > SAME_MS) giveUp();
    });
  }
}

/** Calls `reload` at each SIGHUP that does not stop. */
export function onReloadSignal(reload: () => void): void {
  if (!hangUpStops()) process.on("SIGHUP", reload);
}
