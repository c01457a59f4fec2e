import type { KeyObject } from "node:crypto";
import { rsaKey } from "#lib/manus/signature.ts";
import type { ManusApi } from "#lib/services/manus/manus-api.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How long a key is used without asking again, milliseconds. */
const KEPT_MS = 3_600_000;
/** A signature that does not fit may be that of a newer key, which is asked for at most once in this time. */
const RENEWED_MS = 60_000;
/** Anybody can send a webhook: without a key, one in this time asks for it, and the others fail as that did. */
const FAILED_MS = 2_000;

/** The public key of Manus's webhooks: asked for once an hour, and when a signature does not fit. */
export class PublicKeys {
  readonly #api: Pick<ManusApi, "publicKey">;
  readonly #clock: Clock;
  #known: { key: KeyObject; at: number } | undefined;
  #asked: Promise<KeyObject> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failure: { error: unknown; at: number } | undefined;

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
    const failure = this.#failure;
    if (known === undefined && failure !== undefined && now - failure.at < FAILED_MS) throw failure.error;
    try {
      return fits(await this.#renew());
    } catch (error) {
      this.#failure = { error, at: now };
      // The old one is still better than none.
      if (known !== undefined) return fits(known.key);
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
