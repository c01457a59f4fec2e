import type { FoundGatewayKey, GatewayKeyStore } from "#lib/services/identity/credentials.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const KEY_KEPT_MS = 60_000;
/** A key that is known from before does not wait longer than this for the database, milliseconds. */
const STALE_TIMEOUT_MS = 500;
const MAX_KEPT = 10_000;

/** Gateway keys by digest: found ones are cached for a minute, so that the hot path makes no database call. */
export class KeyCache {
  readonly #keys: GatewayKeyStore;
  readonly #clock: Clock;
  readonly #kept = new BoundedMap<string, { found: FoundGatewayKey; until: number }>(MAX_KEPT);
  readonly #lookUps = new Map<string, Promise<FoundGatewayKey | null>>();
  /** Ids of keys revoked in this process: a look-up that was under way may still find one. */
  readonly #revoked = new BoundedMap<string, true>(MAX_KEPT);

  constructor(keys: GatewayKeyStore, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** The live key with this digest. While the database is unavailable or slow, a known key stays valid. */
  async find(digest: string): Promise<FoundGatewayKey | null> {
    const known = this.#kept.get(digest);
    if (known === undefined) return this.#sharedLookUp(digest);
    if (known.until > this.#clock.now()) return known.found;
    const answered = new AbortController();
    const stale = (): FoundGatewayKey | null => (this.#revoked.has(known.found.keyId) ? null : known.found);
    const timeout = sleep(this.#clock, STALE_TIMEOUT_MS, answered.signal).then(stale);
    const lookUp = this.#sharedLookUp(digest).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === "database_unavailable") return stale();
      throw error;
    });
    try {
      return await Promise.race([lookUp, timeout]);
    } finally {
      answered.abort();
    }
  }

  /** Forgets a key that is not valid any more. */
  revoke(keyId: string): void {
    this.#revoked.set(keyId, true);
    for (const [digest, { found }] of this.#kept) if (found.keyId === keyId) this.#kept.delete(digest);
  }

  #sharedLookUp(digest: string): Promise<FoundGatewayKey | null> {
    const lookUp =
      this.#lookUps.get(digest) ?? this.#lookUp(digest).finally(() => this.#lookUps.delete(digest));
    this.#lookUps.set(digest, lookUp);
    return lookUp;
  }

  async #lookUp(digest: string): Promise<FoundGatewayKey | null> {
    const found = await this.#keys.findByHash(digest);
    const live = found === null || this.#revoked.has(found.keyId) ? null : found;
    if (live === null) this.#kept.delete(digest);
    else this.#kept.set(digest, { found: live, until: this.#clock.now() + KEY_KEPT_MS });
    return live;
  }
}
