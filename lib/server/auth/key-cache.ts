import type { FoundGatewayKey, GatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const KEY_KEPT_MS = 60_000;
/** A key that was good a minute ago does not wait longer than this for the database, milliseconds. */
const STALE_PATIENCE_MS = 500;
const MOST_KEPT = 10_000;

/** Gateway keys by digest: found ones are remembered for a minute, so that the hot path asks no database. */
export class KeyCache {
  readonly #keys: GatewayKeyStore;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { found: FoundGatewayKey; until: number }>();
  readonly #asking = new Map<string, Promise<FoundGatewayKey | null>>();
  /** Ids of keys revoked in this process: an answer that was under way may still bring one. */
  readonly #revoked = new Map<string, true>();

  constructor(keys: GatewayKeyStore, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** The live key with this digest. While the database is away, or slow, a key that was good is still good. */
  async find(digest: string): Promise<FoundGatewayKey | null> {
    const known = this.#kept.get(digest);
    if (known === undefined) return this.#ask(digest);
    if (known.until > this.#clock.now()) return known.found;
    const answered = new AbortController();
    const stale = (): FoundGatewayKey | null => (this.#revoked.has(known.found.keyId) ? null : known.found);
    const patience = sleep(this.#clock, STALE_PATIENCE_MS, answered.signal).then(stale);
    const asked = this.#ask(digest).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === "database_unavailable") return stale();
      throw error;
    });
    try {
      return await Promise.race([asked, patience]);
    } finally {
      answered.abort();
    }
  }

  /** Forgets a key that is no good any more. */
  revoke(keyId: string): void {
    keep(this.#revoked, keyId, true);
    for (const [digest, { found }] of this.#kept) if (found.keyId === keyId) this.#kept.delete(digest);
  }

  #ask(digest: string): Promise<FoundGatewayKey | null> {
    const asked = this.#asking.get(digest) ?? this.#look(digest).finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, asked);
    return asked;
  }

  async #look(digest: string): Promise<FoundGatewayKey | null> {
    const found = await this.#keys.findByHash(digest);
    const live = found === null || this.#revoked.has(found.keyId) ? null : found;
    if (live === null) this.#kept.delete(digest);
    else keep(this.#kept, digest, { found: live, until: this.#clock.now() + KEY_KEPT_MS });
    return live;
  }
}

/** Sets an entry of a map that stays bounded: the oldest goes. */
export function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= MOST_KEPT && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
