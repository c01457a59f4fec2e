import { hash } from "node:crypto";
import { type ChangedKeys, KeyCache } from "#lib/server/auth/key-cache.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { AccessTokenVerifier, GatewayKeyStore } from "#lib/services/identity/credentials.ts";
import { KEY_PREFIX } from "#lib/services/identity/gateway-keys.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** While any bearer is accepted, an unknown key is not looked up again for this long, milliseconds. */
const UNKNOWN_KEPT_MS = 5_000;
const MAX_UNKNOWN = 10_000;

/** Three parts of base64url: nothing else can be an access token. */
const JWT_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export type BearerLookupDependencies = {
  clock: Clock;
  keys: GatewayKeyStore;
  verifyToken: AccessTokenVerifier;
};

/** Finds the caller of a gateway key or an access token. */
export class BearerLookup {
  readonly #clock: Clock;
  readonly #keys: KeyCache;
  readonly #verifyToken: AccessTokenVerifier;
  /** Digests of keys that do not exist, and until when that is believed. */
  readonly #unknown = new BoundedMap<string, number>(MAX_UNKNOWN);

  constructor({ clock, keys, verifyToken }: BearerLookupDependencies) {
    this.#clock = clock;
    this.#keys = new KeyCache(keys, clock);
    this.#verifyToken = verifyToken;
  }

  /**
   * Null for a credential that is not valid. Throws `unauthorized` for a secret of a key that has ended, and
   * `database_unavailable` if that cannot be checked.
   */
  async find(token: string, digest: string): Promise<Caller | null> {
    if (!token.startsWith(KEY_PREFIX)) return this.findUser(token);
    const key = await this.#keys.find(digest);
    return key === null ? null : { kind: "key", ...key };
  }

  /** The user of an access token; null for a token that is not valid. */
  async findUser(accessToken: string): Promise<Caller | null> {
    const user = await this.#verifyToken(accessToken);
    if (user === null) return null;
    return { kind: "user", userId: user.userId, email: user.email, accessToken };
  }

  /** The same while any bearer is accepted: makes no look-up for a bearer that cannot be a valid credential. */
  async findIfLikely(token: string): Promise<Caller | null> {
    const isKey = token.startsWith(KEY_PREFIX);
    if (!isKey && !JWT_SHAPE.test(token)) return null;
    const digest = isKey ? digestOf(token) : "";
    if ((this.#unknown.get(digest) ?? 0) > this.#clock.now()) return null;
    const caller = await this.find(token, digest);
    if (caller === null && isKey) this.#unknown.set(digest, this.#clock.now() + UNKNOWN_KEPT_MS);
    return caller;
  }

  revokeKey(keyId: string): void {
    this.#keys.revoke(keyId);
  }

  keysChanged(ids: ChangedKeys): void {
    this.#keys.changed(ids);
  }
}

export function digestOf(credential: string): string {
  return hash("sha256", credential);
}
