import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Why a request of a key is not admitted. */
export type Refusal =
  | { reason: "revoked" | "expired" }
  | { reason: "requests" | "at_once" | "budget" | "reserved"; retryAfterSeconds: number };

/** The error that tells the client why, and what to do. */
export function refused(limits: GatewayKeyLimits, refusal: Refusal): GatewayError {
  switch (refusal.reason) {
    case "revoked":
      return new GatewayError("unauthorized", "This gateway key was revoked. Use another one.");
    case "expired":
      return new GatewayError(
        "unauthorized",
        "This gateway key has expired. Use another key, or give this one a later expiresAt.",
      );
    case "requests":
      return tooMany(`${inAll(limits.requestsPerMinute)} a minute`, refusal.retryAfterSeconds);
    case "at_once":
      return tooMany(`${inAll(limits.requestsAtOnce)} at once`, refusal.retryAfterSeconds);
    case "budget":
      return overBudget(
        `has spent its budget${amount(limits)} for this month (UTC). Use another key, or wait for the next month.`,
        refusal.retryAfterSeconds,
      );
    case "reserved":
      return overBudget(
        `has requests under way that may spend the rest of its budget${amount(limits)} for this month (UTC). ` +
          `Try again in ${refusal.retryAfterSeconds} s, when it is known what they cost, or use another key.`,
        refusal.retryAfterSeconds,
      );
  }
}

function tooMany(allowed: string, retryAfterSeconds: number): GatewayError {
  return new GatewayError(
    "rate_limited",
    `This gateway key may make ${allowed}. Try again in ${retryAfterSeconds} s, or use a key with a higher limit.`,
    { retryAfterSeconds },
  );
}

function overBudget(problem: string, retryAfterSeconds: number): GatewayError {
  return new GatewayError("budget_exceeded", `This gateway key ${problem}`, { retryAfterSeconds });
}

/** The limit may have been set after the key was looked up. */
function inAll(limit: number | undefined): string {
  return limit === undefined ? "no more requests" : `${limit} ${limit === 1 ? "request" : "requests"}`;
}

function amount({ usdPerMonth }: GatewayKeyLimits): string {
  return usdPerMonth === undefined ? "" : ` of ${usdPerMonth} USD`;
}
