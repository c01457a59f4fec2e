import { expect, test } from "vitest";
import { rateLimitHeaders } from "#lib/server/http/rate-limit-headers.ts";

test("a limit is said as OpenAI says it", () => {
  expect(rateLimitHeaders({ limit: 60, remaining: 59, resetMs: 60_000 })).toEqual({
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1m0s",
  });
});

test.each([
  [-5, "0ms"],
  [0, "0ms"],
  [11.2, "12ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [1_001, "2s"],
  [59_999, "1m0s"],
  [60_000, "1m0s"],
  [360_000, "6m0s"],
  [3_599_000, "59m59s"],
  [3_600_000, "1h0m0s"],
  [86_399_000, "23h59m59s"],
])("%d ms is %s, never shorter than it is", (milliseconds, text) => {
  const headers = rateLimitHeaders({ limit: 1, remaining: 0, resetMs: milliseconds });
  expect(headers["x-ratelimit-reset-requests"]).toBe(text);
});
