import type { FoundGatewayKey, GatewayKeyStore, KeyLookup } from "#lib/services/identity/credentials.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const KEY_KEPT_MS = 60_000;
/** A key that is known from before does not wait longer than this for the database, milliseconds. */
const STALE_TIMEOUT_MS = 500;
const MAX_KEPT = 10_000;

/** A key that was found; times are on the monotonic clock. */
type Kept = { lookup: KeyLookup; until: number; endsAt: number };

/** Ids of keys, or any key. */
export type ChangedKeys = readonly string[] | "all";

/**
 * Gateway keys by the digest of a secret: found ones are cached for a minute, so that the hot path makes no database
 * call, but never beyond the end of the secret.
 */
export class KeyCache {
  readonly #keys: GatewayKeyStore;
  readonly #clock: Clock;
  readonly #kept = new BoundedMap<string, Kept>(MAX_KEPT);
  readonly #lookUps = new Map<string, Promise<KeyLookup | null>>();
  /** Ids of keys revoked in this process: a look-up that was under way may still find one. */
  readonly #revoked = new BoundedMap<string, true>(MAX_KEPT);
  /** How often keys were said to have changed: what a look-up finds that began before is not kept. */
  #changes = 0;
  /** How often any key may have changed: what a look-up finds that began before is kept for an outage only. */
  #doubts = 0;

  constructor(keys: GatewayKeyStore, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * The live key with a secret of this digest; null for an unknown or revoked one. Throws `unauthorized` for a secret
   * that has ended. While the database is unavailable or slow, a known key stays valid, up to its end.
   */
  async find(digest: string): Promise<FoundGatewayKey | null> {
    const lookup = await this.#lookupOf(digest);
    return lookup && liveKey(lookup);
  }

  async #lookupOf(digest: string): Promise<KeyLookup | null> {
    const known = this.#kept.get(digest);
    if (known === undefined) return this.#sharedLookUp(digest);
    if (known.until > this.#clock.now()) return known.lookup;
    const answered = new AbortController();
    const stale = (): KeyLookup | null => this.#stale(known);
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
    this.changed([keyId]);
  }

  /**
   * Keys were changed, rotated or revoked: they are looked up again when they are next used. If that may be any, each
   * of them is as good as one that was looked up a minute ago: it works on if the database goes away.
   */
  changed(ids: ChangedKeys): void {
    if (ids.length === 0) return;
    this.#lookUps.clear();
    if (ids === "all") {
      this.#doubts++;
      for (const [, kept] of this.#kept) kept.until = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#changes++;
    const changed = new Set(ids);
    for (const [digest, { lookup }] of this.#kept) {
      if (changed.has(lookup.key.keyId)) this.#kept.delete(digest);
    }
  }

  #stale({ lookup, endsAt }: Kept): KeyLookup | null {
    if (this.#revoked.has(lookup.key.keyId)) return null;
    const { end } = lookup;
    return end !== undefined && endsAt <= this.#clock.now() ? { ...lookup, state: end.as } : lookup;
  }

  #sharedLookUp(digest: string): Promise<KeyLookup | null> {
    const running = this.#lookUps.get(digest);
    if (running !== undefined) return running;
    const lookUp = this.#lookUp(digest).finally(() => {
      if (this.#lookUps.get(digest) === lookUp) this.#lookUps.delete(digest);
    });
    this.#lookUps.set(digest, lookUp);
    return lookUp;
  }

  async #lookUp(digest: string): Promise<KeyLookup | null> {
    const [changes, doubts] = [this.#changes, this.#doubts];
    // Before the call: the end comes no later for the time that it takes.
    const since = this.#clock.now();
    const found = await this.#keys.findByHash(digest);
    if (found === null || this.#revoked.has(found.key.keyId)) {
      this.#kept.delete(digest);
      return null;
    }
    if (changes === this.#changes) {
      const keptMs = doubts === this.#doubts ? KEY_KEPT_MS : 0;
      this.#keep(digest, found, { since, keptMs });
    }
    return found;
  }

  #keep(digest: string, lookup: KeyLookup, { since, keptMs }: { since: number; keptMs: number }): void {
    const endsAt =
      lookup.state === "live" && lookup.end !== undefined
        ? since + lookup.end.inMs
        : Number.POSITIVE_INFINITY;
    this.#kept.set(digest, { lookup, endsAt, until: Math.min(this.#clock.now() + keptMs, endsAt) });
  }
}

/** Throws `unauthorized` if the secret has ended. Only somebody who has the right secret is told. */
function liveKey({ key, state, end }: KeyLookup): FoundGatewayKey {
  const when = end === undefined ? "" : ` at ${end.at}`;
  switch (state) {
    case "live":
      return key;
    case "expired":
      throw new GatewayError(
        "unauthorized",
        `This gateway key has expired${when}. Use another key, or give this one a later expiresAt.`,
      );
    case "replaced":
      throw new GatewayError(
        "unauthorized",
        `This secret of the gateway key was replaced by a rotation, and stopped working${when}. Use the new secret.`,
      );
  }
}
