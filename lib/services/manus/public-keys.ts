import type { KeyObject } from "node:crypto";
import { rsaKey } from "#lib/manus/signature.ts";
import type { ManusApi } from "#lib/services/manus/manus-api.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How long a key is used without asking again, milliseconds. */
const KEPT_MS = 3_600_000;
/** A signature that does not fit may be that of a newer key, which is asked for at most once in this time. */
const RENEWED_MS = 60_000;
/** Without any key, as long until it is asked for again: whoever sends unsigned requests must not have Manus flooded. */
const FAILED_MS = 5_000;

/** The public key of Manus's webhooks: asked for once an hour, and when a signature does not fit. */
export class PublicKeys {
  readonly #api: Pick<ManusApi, "publicKey">;
  readonly #clock: Clock;
  #known: { key: KeyObject; at: number } | undefined;
  #asked: Promise<KeyObject> | undefined;
  /** Why there is no key, as it was last known. */
  #failure: unknown;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(api: Pick<ManusApi, "publicKey">, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Whether `fits` holds for the key, or for one that is newer. Rejects as `ManusApi` if there is no key at all. */
  async verify(fits: (key: KeyObject) => boolean): Promise<boolean> {
    const known = this.#known;
    const now = this.#clock.now();
    if (known !== undefined && now - known.at < KEPT_MS && fits(known.key)) return true;
    if (known !== undefined && now - this.#askedAt < RENEWED_MS) return fits(known.key);
    const hasJustFailed = this.#failure !== undefined && now - this.#askedAt < FAILED_MS;
    if (known === undefined && hasJustFailed) throw this.#failure;
    try {
      return fits(await this.#renew());
    } catch (error) {
      // The old one is still better than none.
      if (known !== undefined) return fits(known.key);
      this.#failure = error;
      throw error;
    }
  }

  #renew(): Promise<KeyObject> {
    this.#askedAt = this.#clock.now();
    this.#asked ??= this.#fetch().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  async #fetch(): Promise<KeyObject> {
    const key = rsaKey(await this.#api.publicKey());
    if (key === undefined) throw new GatewayError("plugin_failed", "Manus's public key is not usable.");
    this.#known = { key, at: this.#clock.now() };
    return key;
  }
}
