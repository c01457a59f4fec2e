import type { LogFields, Logger } from "#lib/services/ports.ts";
import { redact } from "#lib/shared/redact.ts";

const DEEPEST_CAUSE = 5;

/** One JSON line an entry, on standard error. `secrets` and anything key-shaped are left out. */
export function createLogger(secrets: readonly string[], write: (line: string) => void = writeLine): Logger {
  const log = (level: string, message: string, fields: LogFields = {}): void => {
    const entry = JSON.stringify({ time: new Date().toISOString(), level, message, ...fields });
    write(redact(entry, secrets));
  };
  return {
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, cause, fields) => log("error", message, { ...fields, cause: describe(cause) }),
  };
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** An error with the causes behind it, as one text. */
function describe(cause: unknown, depth = 0): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = depth === 0 ? (cause.stack ?? cause.message) : `${cause.name}: ${cause.message}`;
  return cause.cause === undefined || depth >= DEEPEST_CAUSE
    ? own
    : `${own}\ncaused by ${describe(cause.cause, depth + 1)}`;
}
