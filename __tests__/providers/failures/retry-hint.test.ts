import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseDuration, readRetryHint } from "#lib/providers/failures/retry-hint.ts";
import { expectLinear } from "../../support/linear.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const HOUR = 3_600_000;

type Headers = Record<string, string>;

function hint(headers: Headers, body: unknown = undefined, message = "", now = NOW): number | undefined {
  return readRetryHint((name) => headers[name], body, message, now);
}

describe("retry-after in every form, within 1 s and 1 h", () => {
  test.each<[string, string, number | undefined]>([
    ["seconds", "20", 20_000],
    ["a fraction of a second", "2.5", 2_500],
    ["white space around", " 20 ", 20_000],
    ["less than a second", "0.2", 1_000],
    ["nothing", "0", 1_000],
    ["negative", "-30", 1_000],
    ["a thousand million", "1000000000", HOUR],
    ["a thousand million, short", "1e9", HOUR],
    ["a day", "86400", HOUR],
    ["infinity by overflow", "1e300", HOUR],
    ["an HTTP date", "Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
    ["an HTTP date gone by", "Sun, 22 Nov 2026 11:00:00 GMT", 1_000],
    ["an HTTP date far off", "Mon, 22 Nov 2027 12:00:00 GMT", HOUR],
    ["the old HTTP date", "Sunday, 22-Nov-26 12:00:30 GMT", 30_000],
    ["RFC 3339", "2026-11-22T12:00:45Z", 45_000],
    ["RFC 3339 with an offset", "2026-11-22T14:00:45+02:00", 45_000],
    ["Go: seconds", "17.399999999s", 17_400],
    ["Go: milliseconds", "1300ms", 1_300],
    ["Go: minutes and seconds", "20m52.666s", 1_252_666],
    ["Go: all of it", "1h0m0s", HOUR],
    ["an epoch in seconds", String(NOW / 1_000 + 50), 50_000],
    ["an epoch in milliseconds", String(NOW + 50_000), 50_000],
    ["words", "soon", undefined],
    ["words with a number", "soon 1", undefined],
    ["empty", "", undefined],
    ["not a number", "NaN", undefined],
    ["a word that JavaScript takes for a number", "Infinity", undefined],
    ["hexadecimal", "0x10", undefined],
    ["an impossible date", "2026-99-99T99:99:99Z", undefined],
    ["a list", "20, 30", undefined],
  ])("%s", (_name, value, expected) => {
    expect(hint({ "retry-after": value })).toBe(expected);
  });

  test.each<[string, string, number | undefined]>([
    ["milliseconds", "1500", 1_500],
    ["few milliseconds", "5", 1_000],
    ["too many", "1e12", HOUR],
    ["negative", "-5", 1_000],
    ["rubbish", "x", undefined],
  ])("retry-after-ms: %s", (_name, value, expected) => {
    expect(hint({ "retry-after-ms": value })).toBe(expected);
  });

  test("retry-after-ms goes before retry-after, and rubbish in it does not stand in the way", () => {
    expect(hint({ "retry-after-ms": "1500", "retry-after": "60" })).toBe(1_500);
    expect(hint({ "retry-after-ms": "x", "retry-after": "60" })).toBe(60_000);
  });
});

describe("hints in the body", () => {
  const GEMINI: unknown = JSON.parse(
    readFileSync(
      new URL("../../fixtures/providers/gemini/vercel-google-429-retry-info.json", import.meta.url),
      "utf8",
    ),
  );
  test("Gemini's recorded retryDelay, alone and in a list", () => {
    expect(hint({}, GEMINI)).toBe(34_400);
    expect(hint({}, [GEMINI])).toBe(34_400);
  });

  test.each<[string, unknown, number | undefined]>([
    ["in nanoseconds' precision", "34.074824224s", 34_075],
    ["nothing", "0s", 1_000],
    ["negative", "-5s", undefined],
    ["rubbish", "later", undefined],
    ["a number", 5, undefined],
  ])("retryDelay %s", (_name, retryDelay, expected) => {
    expect(hint({}, { error: { details: [{ retryDelay }] } })).toBe(expected);
  });

  test.each([
    ["Rate limit reached … Please try again in 5.289s. Need more?", 5_289],
    ["Please try again in 1m30.5s.", 90_500],
    ["Please try again in 20s", 20_000],
    ["Please try again in 6s.", 6_000],
    ["Please try again in 250ms.", 1_000],
    ["Please try again in 7m12s", 432_000],
    ["Please retry in 34.4s.", 34_400],
    ["Please try again in a while", undefined],
    ["Please try again in ....s", undefined],
  ])("in the message: %s", (message, expected) => {
    expect(hint({}, undefined, message)).toBe(expected);
  });
});

describe("reset headers", () => {
  test.each<[string, Headers, number | undefined]>([
    [
      "Groq's, tokens spent",
      {
        "x-ratelimit-remaining-requests": "14399",
        "x-ratelimit-reset-requests": "17m",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "7.66s",
      },
      7_660,
    ],
    [
      "both spent: the later one",
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "7s",
      },
      60_000,
    ],
    ["none spent", { "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "7s" }, undefined],
    ["no count of what remains", { "x-ratelimit-reset-tokens": "7s" }, undefined],
    [
      "Anthropic's",
      {
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-22T12:01:00Z",
      },
      60_000,
    ],
    [
      "OpenRouter's, an epoch in milliseconds",
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW + 9_000) },
      9_000,
    ],
    ["Mistral's older", { "ratelimitbysize-remaining": "0", "ratelimitbysize-reset": "33" }, 33_000],
    ["rubbish", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "tomorrow" }, undefined],
  ])("%s", (_name, headers, expected) => {
    expect(hint(headers)).toBe(expected);
  });

  test("the order: header, body, reset header, message", () => {
    const body = { error: { details: [{ retryDelay: "20s" }] } };
    const reset = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30" };
    const message = "Please try again in 40s";
    expect(hint({ "retry-after": "10", ...reset }, body, message)).toBe(10_000);
    expect(hint(reset, body, message)).toBe(20_000);
    expect(hint(reset, undefined, message)).toBe(30_000);
    expect(hint({}, undefined, message)).toBe(40_000);
    expect(hint({})).toBeUndefined();
  });
});

test.each([
  ["1h2m3.5s", 3_723_500],
  ["130ms", 130],
  ["5m", 300_000],
  ["1s500ms", 1_500],
  ["", undefined],
  ["5", undefined],
  ["s", undefined],
  ["1s1h", undefined],
  ["-1s", undefined],
  ["1.2.3s", undefined],
])("the duration %j is %s ms", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each<[string, (size: number) => string]>([
  ["digits", (size) => "9".repeat(size)],
  ["spaces", (size) => " ".repeat(size)],
  ["durations", (size) => "1h".repeat(size / 2)],
  ["dates", (size) => "2026-11-22T1".repeat(size / 12)],
  ["almost messages", (size) => "try again in 1.1.1.1.".repeat(size / 21)],
])("100 KB of %s are read in linear time", (_name, make) => {
  expectLinear(100_000, (size) => {
    const text = make(size);
    return () => {
      hint({ "retry-after": text, "x-ratelimit-remaining": "0", "x-ratelimit-reset": text }, undefined, text);
    };
  });
});
