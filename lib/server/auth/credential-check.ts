import { FailureLimiter } from "#lib/server/auth/failure-limiter.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** For this long an accepted credential is not affected by other failures at its address, milliseconds. */
const ADMITTED_MS = 3_600_000;
const MAX_ADMITTED = 10_000;

/** Checks credentials, except for an address that keeps failing: a check may cost a database call. */
export class CredentialCheck {
  readonly #clock: Clock;
  readonly #failures: FailureLimiter;
  /** Digests of credentials that were accepted, and until when that counts. */
  readonly #admitted = new BoundedMap<string, number>(MAX_ADMITTED);

  /** @param failuresPerMinute and address; 0 means no limit. */
  constructor(clock: Clock, failuresPerMinute: number) {
    this.#clock = clock;
    this.#failures = new FailureLimiter(clock, failuresPerMinute);
  }

  /**
   * What `verify` finds. Throws `too_many_auth_failures` without calling it. A credential for which `verify` throws
   * `unauthorized` has failed, too.
   */
  async run<Found>(
    digest: string,
    address: string,
    verify: () => Promise<Found | null>,
  ): Promise<Found | null> {
    if ((this.#admitted.get(digest) ?? 0) <= this.#clock.now()) this.#failures.assertAllowed(address);
    let found: Found | null;
    try {
      found = await verify();
    } catch (error) {
      if (error instanceof GatewayError && error.code === "unauthorized") this.#refuse(digest, address);
      throw error;
    }
    if (found === null) {
      this.#refuse(digest, address);
    } else {
      this.#admitted.delete(digest);
      this.#admitted.set(digest, this.#clock.now() + ADMITTED_MS);
    }
    return found;
  }

  #refuse(digest: string, address: string): void {
    this.#admitted.delete(digest);
    this.noteFailure(address);
  }

  noteFailure(address: string): void {
    this.#failures.note(address);
  }
}
