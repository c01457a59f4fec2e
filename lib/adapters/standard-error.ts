/** Texts that could not be written since the last one that could. */
let lost = 0;
let isGuarded = false;

/**
 * Writes to standard error. A full disk or a reader that has gone away costs the text, not the process: the
 * next one that can be written says how many are missing.
 */
export function writeToStandardError(text: string): void {
  if (!isGuarded) {
    isGuarded = true;
    // Without a listener the error of a write would be an uncaught exception. It is counted below.
    process.stderr.on("error", ignore);
  }
  process.stderr.write(text, (error) => {
    if (error != null) lost++;
    else if (lost > 0) tellLost();
  });
}

function tellLost(): void {
  const message = `${lost} writes to this log failed before this one.`;
  lost = 0;
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: "warn", message })}\n`);
}

function ignore(): void {
  return undefined;
}
