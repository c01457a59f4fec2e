import type { RateLimit } from "#lib/services/admission/rate-limit.ts";

/**
 * The headers in which OpenAI says what is left of a limit, which its SDKs' users read.
 * Source: https://developers.openai.com/api/docs/guides/rate-limits, "Rate limits in headers".
 */
export function rateLimitHeaders({ limit, remaining, resetMs }: RateLimit): Record<string, string> {
  return {
    "x-ratelimit-limit-requests": String(limit),
    "x-ratelimit-remaining-requests": String(remaining),
    "x-ratelimit-reset-requests": durationText(resetMs),
  };
}

/** A duration as OpenAI writes it (and Go): `120ms`, `1s`, `6m0s`, `7h30m0s`. */
function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, Math.ceil(milliseconds))}ms`;
  const seconds = Math.ceil(milliseconds / 1_000);
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const parts = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${parts}${seconds % 60}s`;
}
