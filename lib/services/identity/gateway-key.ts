import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";

/** A gateway key as its owner sees it: all but the key itself. Times are ISO 8601. */
export type GatewayKey = {
  id: string;
  userId: string;
  name: string;
  /** The beginning of the key, e.g. `sk-sarmalink-ab12`. */
  prefix: string;
  limits: GatewayKeyLimits;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
  expiresAt: string | null;
  rotatedAt: string | null;
  /** Until when secrets from before a rotation are accepted; null if none is. */
  previousValidUntil: string | null;
  /** USD, in this UTC month, over all that counts against a budget. */
  spentUsdThisMonth: number;
  /** The same in this UTC day, and the requests that were answered or failed in it. */
  spentUsdToday: number;
  requestsToday: number;
  /** Requests under way now; null for a key without a limit of them, since nobody counts them. */
  inFlight: number | null;
  /** What administrators did to the key of another user, the newest first; only of a key that is read by itself. */
  adminActions: { action: string; actorId: string; at: string }[];
};

/** What is to change of a key; null takes a limit away. */
export type KeyChanges = {
  name?: string | undefined;
  requestsPerMinute?: number | null | undefined;
  requestsAtOnce?: number | null | undefined;
  usdPerMonth?: number | null | undefined;
  modes?: string[] | null | undefined;
  /** ISO 8601. */
  expiresAt?: string | null | undefined;
};

/** The calls that count against a key's budget. */
export type BudgetCoverage = {
  /** Configured providers whose calls cost something. */
  countedProviders: string[];
  /** Configured providers that are assumed to be free: their calls cost 0, whatever they bill. */
  freeProviders: string[];
  /** Models that count whichever provider serves them. */
  countedModels: string[];
};
