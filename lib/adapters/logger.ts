import { writeToStandardError } from "#lib/adapters/standard-error.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { stringField } from "#lib/shared/json.ts";
import { redact } from "#lib/shared/redact.ts";

const MAX_CAUSE = 5;

/** Writes one JSON line an entry to standard error. `secrets` and whatever looks like a key are redacted. */
export function createLogger(secrets: readonly string[], write: (line: string) => void = writeLine): Logger {
  // Each text separately: redacting the finished line could remove its punctuation.
  const clean = (_: string, value: unknown): unknown =>
    typeof value === "string" ? redact(value, secrets) : value;
  const log = (level: string, message: string, fields: LogFields = {}): void => {
    write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, clean));
  };
  return {
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, cause, fields) => log("error", message, { ...fields, cause: describe(cause) }),
  };
}

function writeLine(line: string): void {
  writeToStandardError(`${line}\n`);
}

/** An error with the causes behind it, as one text. */
function describe(cause: unknown, depth = 0): string {
  if (!(cause instanceof Error)) {
    // Errors of the database are plain objects. Their details are left out: they may quote a user's message.
    const message = stringField(cause, "message");
    return message === undefined ? String(cause) : `${stringField(cause, "code") ?? "error"}: ${message}`;
  }
  // Keeps the file names of the stack, which would be redacted as URLs.
  const own =
    depth === 0
      ? (cause.stack ?? cause.message).replaceAll("file://", "")
      : `${cause.name}: ${cause.message}`;
  return cause.cause === undefined || depth >= MAX_CAUSE
    ? own
    : `${own}\ncaused by ${describe(cause.cause, depth + 1)}`;
}
