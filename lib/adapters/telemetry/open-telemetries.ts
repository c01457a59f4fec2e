/** Something that has telemetry to send. */
type Open = { close(): Promise<void> };

// Next.js may load a module once for the routes and once more for `instrumentation.ts`.
const OPEN = Symbol.for("sarmalink.telemetries");
const holder = globalThis as { [OPEN]?: Set<Open> };

/** The telemetries of this process that have not been closed, whoever has made them. */
export function openTelemetries(): Set<Open> {
  holder[OPEN] ??= new Set();
  return holder[OPEN];
}
