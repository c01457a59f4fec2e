/** Failed writes since the last successful one. */
let lost = 0;
let isGuarded = false;

/**
 * Writes to standard error. A full disk or a closed pipe loses the text, but does not end the process; the next
 * successful write is followed by the number of lost ones.
 */
export function writeToStandardError(text: string): void {
  if (!isGuarded) {
    isGuarded = true;
    // Without a listener the error of a write would be an uncaught exception. It is counted below.
    process.stderr.on("error", ignore);
  }
  process.stderr.write(text, (error) => {
    if (error != null) lost++;
    else if (lost > 0) reportLost();
  });
}

function reportLost(): void {
  const message = `${lost} writes to this log failed before this one.`;
  lost = 0;
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: "warn", message })}\n`);
}

function ignore(): void {
  return undefined;
}
