import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** Reads one response header by lower-case name. */
export type HeaderLookup = (name: string) => string | undefined;

const MIN_HINT_MS = 1_000;
const MAX_HINT_MS = 3_600_000;

/** The hint clamped to 1 s..1 h. */
function clamp(milliseconds: number | undefined): number | undefined {
  if (milliseconds === undefined || Number.isNaN(milliseconds)) return undefined;
  return Math.min(MAX_HINT_MS, Math.max(MIN_HINT_MS, Math.round(milliseconds)));
}

/**
 * A duration in the format of Go or protobuf (`1h2m3.5s`, `34.4s`, `130ms`), in milliseconds.
 * Source: Groq's and OpenAI's `x-ratelimit-reset-*`, Gemini's `retryDelay`.
 */
export function parseDuration(text: string): number | undefined {
  const match =
    /^(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,12}(?:\.\d{1,12})?)s)?(?:(\d{1,12}(?:\.\d{1,12})?)ms)?$/.exec(
      text.trim(),
    );
  if (match === null || match[0] === "") return undefined;
  const [, hours = "0", minutes = "0", seconds = "0", milliseconds = "0"] = match;
  return (
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000 + Number(milliseconds)
  );
}

function plainNumber(text: string): number | undefined {
  return /^[+-]?\d{1,15}(?:\.\d{1,15})?(?:e[+]?\d{1,3})?$/i.test(text.trim()) ? Number(text) : undefined;
}

/** A point in time or a delay as milliseconds from `wallNow`; a bare number is in units of `unitMs`. */
function parseDelay(text: string, wallNow: number, unitMs: number): number | undefined {
  const number = plainNumber(text);
  if (number !== undefined) {
    // Numbers this large are timestamps, in seconds (SambaNova) or milliseconds (OpenRouter).
    if (unitMs === 1_000 && number > 1e12 && number < 1e14) return number - wallNow;
    if (unitMs === 1_000 && number > 1.5e9 && number < 1e11) return number * 1_000 - wallNow;
    return number * unitMs;
  }
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  // Date.parse alone accepts almost anything ("soon 1" is 2001).
  if (!/\d{4}-\d{2}-\d{2}T\d|\d{2}:\d{2}:\d{2} GMT/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date - wallNow;
}

const RESET_HEADERS = [
  ["x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
  ["x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
  // Groq, for transcription.
  ["x-ratelimit-remaining-audio-seconds", "x-ratelimit-reset-audio-seconds"],
  ["anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"],
  ["anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"],
  ["anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"],
  ["anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"],
  ["x-ratelimit-remaining", "x-ratelimit-reset"],
  ["ratelimitbysize-remaining", "ratelimitbysize-reset"],
] as const;

/**
 * When a rate-limited provider may be called again: milliseconds from now, clamped to 1 s..1 h; undefined
 * without a valid hint.
 *
 * Order: `retry-after-ms`, `retry-after` (seconds, HTTP date, Go duration), Gemini's `retryDelay` in the
 * body, the reset header of whichever limit is exhausted, then "try again in 5.289s" in the message.
 */
export function readRetryHint(
  header: HeaderLookup,
  body: unknown,
  message: string,
  wallNow: number,
): number | undefined {
  const milliseconds = header("retry-after-ms");
  if (milliseconds !== undefined) {
    const hint = parseDelay(milliseconds, wallNow, 1);
    if (hint !== undefined) return clamp(hint);
  }
  const after = header("retry-after");
  if (after !== undefined) {
    const hint = parseDelay(after, wallNow, 1_000);
    if (hint !== undefined) return clamp(hint);
  }
  return clamp(readRetryDelay(body) ?? readReset(header, wallNow) ?? readMessage(message));
}

/** When a limit of the day ends: milliseconds until midnight UTC, clamped to 1 s..1 h. */
export function untilNextDay(wallNow: number): number {
  return clamp(DAY_MS - (wallNow % DAY_MS)) ?? MAX_HINT_MS;
}
const DAY_MS = 86_400_000;

/** Source: Groq and OpenAI write "Please try again in 5.289s." into the message, Gemini "Please retry in 34.4s". */
function readMessage(message: string): number | undefined {
  const match = /(?:try again|retry) in ([\dhms.]{1,24}s)\b/i.exec(message);
  return match?.[1] === undefined ? undefined : parseDuration(match[1]);
}

/** Google's RetryInfo, in the body. Source: recorded 429 of the Gemini API. */
function readRetryDelay(body: unknown): number | undefined {
  const error = field(Array.isArray(body) ? body[0] : body, "error");
  for (const detail of arrayField(error, "details")) {
    const delay = stringField(detail, "retryDelay");
    if (delay !== undefined) return parseDuration(delay);
  }
  return undefined;
}

/** Several limits may be exhausted at once: the latest reset counts. */
function readReset(header: HeaderLookup, wallNow: number): number | undefined {
  let latest: number | undefined;
  for (const [remaining, reset] of RESET_HEADERS) {
    const left = header(remaining);
    const when = header(reset);
    if (left === undefined || when === undefined || Number(left) > 0) continue;
    const hint = parseDelay(when, wallNow, 1_000);
    if (hint !== undefined && (latest === undefined || hint > latest)) latest = hint;
  }
  return latest;
}
