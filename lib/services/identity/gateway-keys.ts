import { createHash } from "node:crypto";
import { PAID_MODEL_NAMES } from "#lib/providers/cost.ts";
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

/** Whose calls count against a key's budget. */
export type BudgetCoverage = {
  /** Configured providers whose calls cost something. */
  countedProviders: string[];
  /** Configured providers that are taken to be free: their calls cost 0, whatever their owner bills. */
  freeProviders: string[];
  /** Models that count wherever they are served. */
  countedModels: string[];
};

export type NewGatewayKey = {
  userId: string;
  name: string;
  /** Lower-case hex SHA-256 of the whole key: all of it that is kept. */
  sha256Hex: string;
  prefix: string;
  limits: GatewayKeyLimits;
};

/**
 * All throw `database_unavailable`, and `not_configured` without a service role. `create` throws
 * `conflict` when the user has as many live keys as one may have.
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
  /** A key exists now: the open routes close. */
  onCreated(): void;
  /** From now on this key is no good in this process. */
  onRevoked(keyId: string): void;
};

/** Makes a key for a user. The key itself is in this answer and nowhere else. */
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

/** What a budget in USD counts on this gateway; the free tiers are those that PAID_PROVIDERS does not name. */
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

/** Ends a key of the user, for ever. Throws `not_found` for an unknown one and for somebody else's. */
export async function revokeGatewayKey(
  keyId: string,
  userId: string,
  { register, onRevoked }: GatewayKeyDependencies,
): Promise<void> {
  const found = await register.revoke(keyId, userId);
  if (!found) throw new GatewayError("not_found", "You have no such gateway key.");
  onRevoked(keyId);
}
