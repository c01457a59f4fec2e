import { createHash } from "node:crypto";
import type { PriceBook } from "#lib/providers/cost.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import type { BudgetCoverage, GatewayKey, KeyChanges } from "#lib/services/identity/gateway-key.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** What every gateway key begins with. */
export const KEY_PREFIX = "sk-sarmalink-";
/** Characters after the prefix that a list shows. */
const SHOWN = 4;
const SECRET_BYTES = 32;
/** Times that every part of the gateway can read have a year of four digits. Epoch milliseconds. */
const END_OF_TIME = Date.UTC(10_000, 0, 1);

export type NewGatewayKey = {
  userId: string;
  name: string;
  /** Lower-case hex SHA-256 of the whole key, which itself is not stored. */
  sha256Hex: string;
  prefix: string;
  limits: GatewayKeyLimits;
  /** ISO 8601; undefined for a key that does not expire. */
  expiresAt: string | undefined;
};

/** Who manages keys: a user their own, an administrator those of all users. */
export type KeyManager = { userId: string; isAdmin: boolean };

/** A place in the list of all keys: behind this key. */
export type KeyPlace = { createdAt: string; id: string };

/**
 * All throw `database_unavailable`, and `not_configured` without a service role. Those that name a key return null or
 * false if the manager has no such key, and throw `conflict` if it cannot be changed like that.
 */
export type GatewayKeyRegister = {
  /** Throws `conflict` if the user already has the maximum of live keys. */
  create(key: NewGatewayKey, actorId: string): Promise<GatewayKey>;
  /** The user's keys, live ones first. */
  list(userId: string): Promise<GatewayKey[]>;
  /** The keys of one user or of all, the newest first. */
  page(query: {
    userId: string | undefined;
    after: KeyPlace | undefined;
    limit: number;
  }): Promise<{ keys: GatewayKey[]; next: KeyPlace | undefined }>;
  get(keyId: string, manager: KeyManager): Promise<GatewayKey | null>;
  change(keyId: string, changes: KeyChanges, manager: KeyManager): Promise<GatewayKey | null>;
  rotate(
    keyId: string,
    secret: { sha256Hex: string; prefix: string; graceSeconds: number },
    manager: KeyManager,
  ): Promise<GatewayKey | null>;
  revoke(keyId: string, manager: KeyManager): Promise<boolean>;
};

export type GatewayKeyDependencies = {
  register: GatewayKeyRegister;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  /** Wall clock, epoch milliseconds. */
  now(): number;
  /** A key exists now: open access ends. */
  onCreated(): void;
  /** This key is rejected in this process from now on. */
  onRevoked(keyId: string): void;
  /** What this process remembers of this key is outdated. */
  onChanged(keyId: string): void;
};

/** A key with its secret, which is nowhere else. */
export type ShownOnce = GatewayKey & { key: string };

/**
 * Creates a key for a user. Throws `invalid_request` if it would have expired already, and `not_found` for another
 * user, whom an administrator names, if there is none.
 */
export async function createGatewayKey(
  wanted: { userId: string; name: string; limits: GatewayKeyLimits; expiresAt?: string | undefined },
  actorId: string,
  { register, randomHex, now, onCreated }: GatewayKeyDependencies,
): Promise<ShownOnce> {
  const { userId, name, limits } = wanted;
  const expiresAt = readExpiry(wanted.expiresAt, now()) ?? undefined;
  const { key, ...secret } = newSecret(randomHex);
  let created: GatewayKey;
  try {
    created = await register.create({ userId, name, limits, expiresAt, ...secret }, actorId);
  } catch (error) {
    const isGone = error instanceof GatewayError && error.code === "unauthorized";
    if (isGone && userId !== actorId) throw new GatewayError("not_found", `There is no user ${userId}.`);
    throw error;
  }
  onCreated();
  return { ...created, key };
}

/** What a budget in USD counts on this gateway; free tiers are those that PAID_PROVIDERS does not name. */
export function budgetCoverage(
  registry: Pick<Registry, "hasCosts">,
  providers: readonly string[],
  { billedNames }: Pick<PriceBook, "billedNames">,
): BudgetCoverage {
  return { ...coveredProviders(registry, providers), countedModels: [...billedNames] };
}

/** Which of these providers count. */
export function coveredProviders(
  registry: Pick<Registry, "hasCosts">,
  providers: readonly string[],
): Omit<BudgetCoverage, "countedModels"> {
  return {
    countedProviders: providers.filter((id) => registry.hasCosts(id)),
    freeProviders: providers.filter((id) => !registry.hasCosts(id)),
  };
}

/** Throws `not_found` for an unknown key and for another user's, as do the next three. */
export async function readGatewayKey(
  keyId: string | undefined,
  manager: KeyManager,
  { register }: Pick<GatewayKeyDependencies, "register">,
): Promise<GatewayKey> {
  return found(keyId === undefined ? null : await register.get(keyId, manager));
}

/** Throws `invalid_request` if the key would have expired already, and `conflict` if it is revoked. */
export async function changeGatewayKey(
  keyId: string | undefined,
  changes: KeyChanges,
  manager: KeyManager,
  { register, now, onChanged }: Pick<GatewayKeyDependencies, "register" | "now" | "onChanged">,
): Promise<GatewayKey> {
  const expiresAt = readExpiry(changes.expiresAt, now());
  const changed = found(
    keyId === undefined ? null : await register.change(keyId, { ...changes, expiresAt }, manager),
  );
  onChanged(changed.id);
  return changed;
}

/**
 * Gives a key a new secret; the old one is accepted for so many seconds more, and no older one for longer. Throws
 * `conflict` if the key is revoked or has expired.
 */
export async function rotateGatewayKey(
  keyId: string | undefined,
  graceSeconds: number,
  manager: KeyManager,
  { register, randomHex, onChanged }: Pick<GatewayKeyDependencies, "register" | "randomHex" | "onChanged">,
): Promise<ShownOnce> {
  const { key, ...secret } = newSecret(randomHex);
  const rotated = found(
    keyId === undefined ? null : await register.rotate(keyId, { ...secret, graceSeconds }, manager),
  );
  onChanged(rotated.id);
  return { ...rotated, key };
}

/** Revokes a key for good. */
export async function revokeGatewayKey(
  keyId: string | undefined,
  manager: KeyManager,
  { register, onRevoked }: Pick<GatewayKeyDependencies, "register" | "onRevoked">,
): Promise<void> {
  if (keyId === undefined || !(await register.revoke(keyId, manager))) throw noSuchKey();
  onRevoked(keyId);
}

function newSecret(randomHex: (bytes: number) => string): { key: string; sha256Hex: string; prefix: string } {
  const key = `${KEY_PREFIX}${randomHex(SECRET_BYTES)}`;
  return {
    key,
    sha256Hex: createHash("sha256").update(key).digest("hex"),
    prefix: key.slice(0, KEY_PREFIX.length + SHOWN),
  };
}

/** The time in UTC. Throws `invalid_request` if it is over, or too far away to be written down. */
function readExpiry<Absent extends null | undefined>(text: string | Absent, now: number): string | Absent {
  if (typeof text !== "string") return text;
  const time = Date.parse(text);
  if (!(time > now)) throw new GatewayError("invalid_request", '"expiresAt": is in the past.');
  if (time >= END_OF_TIME) {
    throw new GatewayError(
      "invalid_request",
      '"expiresAt": is after the year 9999. Leave it out for a key without an end.',
    );
  }
  return new Date(time).toISOString();
}

function found(key: GatewayKey | null): GatewayKey {
  if (key === null) throw noSuchKey();
  return key;
}

function noSuchKey(): GatewayError {
  return new GatewayError("not_found", "You have no such gateway key.");
}
