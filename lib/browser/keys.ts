import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** A gateway key as its owner's page shows it. Times are ISO 8601. */
export type KeyView = {
  id: string;
  name: string;
  /** The beginning of the secret. */
  prefix: string;
  /** Whose it is, for administrators. */
  userId: string;
  requestsPerMinute: number | null;
  requestsAtOnce: number | null;
  usdPerMonth: number | null;
  /** Null: all. */
  modes: readonly string[] | null;
  expiresAt: string | null;
  previousValidUntil: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  requestsToday: number;
  spentUsdToday: number;
  spentUsdThisMonth: number;
  inFlight: number | null;
};

export type KeyState = "live" | "expired" | "revoked";

/** Whether a key works at this time, in milliseconds. */
export function keyState({ revokedAt, expiresAt }: KeyView, now: number): KeyState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= now ? "expired" : "live";
}

/** The keys of an answer of `GET /api/keys`. */
export function readKeys(answer: unknown): KeyView[] {
  return arrayField(answer, "keys").map(readKey);
}

/** One key of the gateway's own answers. */
function readKey(key: unknown): KeyView {
  const modes = field(key, "modes");
  return {
    id: stringField(key, "id") ?? "",
    name: stringField(key, "name") ?? "",
    prefix: stringField(key, "prefix") ?? "",
    userId: stringField(key, "userId") ?? "",
    requestsPerMinute: numberOrNull(key, "requestsPerMinute"),
    requestsAtOnce: numberOrNull(key, "requestsAtOnce"),
    usdPerMonth: numberOrNull(key, "usdPerMonth"),
    modes: Array.isArray(modes) ? modes.filter((mode) => typeof mode === "string") : null,
    expiresAt: stringField(key, "expiresAt") ?? null,
    previousValidUntil: stringField(key, "previousValidUntil") ?? null,
    lastUsedAt: stringField(key, "lastUsedAt") ?? null,
    revokedAt: stringField(key, "revokedAt") ?? null,
    requestsToday: numberOrNull(key, "requestsToday") ?? 0,
    spentUsdToday: numberOrNull(key, "spentUsdToday") ?? 0,
    spentUsdThisMonth: numberOrNull(key, "spentUsdThisMonth") ?? 0,
    inFlight: numberOrNull(key, "inFlight"),
  };
}

function numberOrNull(key: unknown, name: string): number | null {
  const value = field(key, name);
  return typeof value === "number" ? value : null;
}
