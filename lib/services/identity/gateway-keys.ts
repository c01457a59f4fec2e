import { createHash } from "node:crypto";
import { PAID_MODEL_NAMES } from "#lib/providers/prices/own-prices.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** What every gateway key begins with. */
export const KEY_PREFIX = "sk-sarmalink-";
/** Characters after the prefix that a list shows. */
const SHOWN = 4;
const SECRET_BYTES = 32;

/** A gateway key as its owner sees it: all but the key itself. */
export type GatewayKey = {
  id: string;
  name: string;
  /** The beginning of the key, e.g. `sk-sarmalink-ab12`. */
  prefix: string;
  limits: GatewayKeyLimits;
  /** ISO 8601, as the next two. */
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
  /** USD, in this UTC month, over all that counts against a budget. */
  spentUsdThisMonth: number;
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

export type NewGatewayKey = {
  userId: string;
  name: string;
  /** Lower-case hex SHA-256 of the whole key, which itself is not stored. */
  sha256Hex: string;
  prefix: string;
  limits: GatewayKeyLimits;
};

/**
 * All throw `database_unavailable`, and `not_configured` without a service role. `create` throws
 * `conflict` if the user already has the maximum of live keys.
 */
export type GatewayKeyRegister = {
  create(key: NewGatewayKey): Promise<GatewayKey>;
  /** The user's keys, live ones first. */
  list(userId: string): Promise<GatewayKey[]>;
  /** False when this user has no such key. */
  revoke(keyId: string, userId: string): Promise<boolean>;
};

export type GatewayKeyDependencies = {
  register: GatewayKeyRegister;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  /** A key exists now: open access ends. */
  onCreated(): void;
  /** This key is rejected in this process from now on. */
  onRevoked(keyId: string): void;
};

/** Creates a key for a user. The key itself is in the result and nowhere else. */
export async function createGatewayKey(
  wanted: { userId: string; name: string; limits: GatewayKeyLimits },
  { register, randomHex, onCreated }: GatewayKeyDependencies,
): Promise<GatewayKey & { key: string }> {
  const key = `${KEY_PREFIX}${randomHex(SECRET_BYTES)}`;
  const created = await register.create({
    ...wanted,
    sha256Hex: createHash("sha256").update(key).digest("hex"),
    prefix: key.slice(0, KEY_PREFIX.length + SHOWN),
  });
  onCreated();
  return { ...created, key };
}

/** What a budget in USD counts on this gateway; free tiers are those that PAID_PROVIDERS does not name. */
export function budgetCoverage(
  registry: Pick<Registry, "hasCosts">,
  providers: readonly string[],
): BudgetCoverage {
  return {
    countedProviders: providers.filter((id) => registry.hasCosts(id)),
    freeProviders: providers.filter((id) => !registry.hasCosts(id)),
    countedModels: [...PAID_MODEL_NAMES],
  };
}

/** The user's keys, revoked ones too. */
export function listGatewayKeys(userId: string, { register }: GatewayKeyDependencies): Promise<GatewayKey[]> {
  return register.list(userId);
}

/** Revokes a key of the user for good. Throws `not_found` for an unknown key and for another user's. */
export async function revokeGatewayKey(
  keyId: string,
  userId: string,
  { register, onRevoked }: GatewayKeyDependencies,
): Promise<void> {
  const found = await register.revoke(keyId, userId);
  if (!found) throw new GatewayError("not_found", "You have no such gateway key.");
  onRevoked(keyId);
}
