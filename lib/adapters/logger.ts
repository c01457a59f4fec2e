import { writeToStandardError } from "#lib/adapters/standard-error.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { stringField } from "#lib/shared/json.ts";
import { redact } from "#lib/shared/redact.ts";

/** `debug` is what other programs call their noisiest level; here it writes what `info` does. */
export type LogLevel = "debug" | "info" | "warn" | "error";

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const MAX_CAUSE = 4;
/** How much of a text is written, characters; a provider may have sent a megabyte of error. */
const MAX_TEXT = 16_384;
/** Behind the limit so much more is cut that no half of a secret is left. */
const MAX_SECRET = 512;
/** Short texts whose clean form is kept. */
const MAX_CLEANED = 1_000;
const MAX_CLEANED_LENGTH = 100;
/** Ids of requests: each is new, and they are ours. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What stands behind the name of a credential in a header, a query or JSON, also if it looks like no key. */
const NAMED_SECRET =
  /\b((?:x-(?:goog-)?)?api[-_]?key|authorization|(?:access|refresh|auth)[-_]?token|client[-_]?secret|password|set-cookie|cookie)(\\?["']?[ \t]{0,8}[:=][ \t]{0,8}\\?["']?)(?:(?:basic|bearer|token) )?[^\s"'\\,;&}]+/gi;

/**
 * Writes one JSON line an entry to standard error, for entries of `level` and above. `secrets`, to which more may be
 * added later, and whatever looks like a key are redacted here, whoever logs: this is the one writer.
 */
export function createLogger(
  secrets: readonly string[],
  write: (line: string) => void = writeLine,
  level: LogLevel = "info",
): Logger {
  let [count, known] = [0, allSpellings([])];
  let cleaned = new BoundedMap<string, string>(MAX_CLEANED);
  // Each text separately: redacting the finished line could remove its punctuation.
  const clean = (value: string): string => {
    if (secrets.length !== count) {
      [count, known] = [secrets.length, allSpellings(secrets)];
      cleaned = new BoundedMap(MAX_CLEANED);
    }
    if (UUID.test(value) && !known.includes(value)) return value;
    // Most texts of a log are the same ones again: messages, modes, engines, outcomes.
    const before = cleaned.get(value);
    if (before !== undefined) return before;
    const text = cleanText(value, known);
    if (value.length <= MAX_CLEANED_LENGTH) cleaned.set(value, text);
    return text;
  };
  const log = (own: LogLevel, message: string, fields: LogFields = {}): void => {
    if (RANKS[own] < RANKS[level]) return;
    const entry: Record<string, unknown> = {
      time: new Date().toISOString(),
      level: own,
      message: clean(message),
    };
    for (const name in fields) {
      const value = fields[name];
      entry[name] = typeof value === "string" ? clean(value) : value;
    }
    write(JSON.stringify(entry));
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

/** A secret as it is, in a query, and in a JSON text. */
function allSpellings(secrets: readonly string[]): string[] {
  const spellings = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  // The longest first: one secret may be part of another.
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}

function cleanText(text: string, secrets: readonly string[]): string {
  const read = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  const clean = redact(read, secrets).replace(NAMED_SECRET, "$1$2[redacted]");
  return read === text ? clean : `${clean.slice(0, Math.max(0, clean.length - MAX_SECRET))}…`;
}

/** An error with the causes behind it, as one text. Of several at once, such as addresses that were tried, the first ones. */
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
  if (depth >= MAX_CAUSE) return own;
  const all: unknown[] = cause instanceof AggregateError ? cause.errors.slice(0, MAX_CAUSE) : [];
  if (cause.cause !== undefined) all.push(cause.cause);
  return [own, ...all.map((one) => `caused by ${describe(one, depth + 1)}`)].join("\n");
}
