import { FailureLimiter } from "#lib/server/auth/failure-limiter.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";

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

  /** What `verify` finds. Throws `too_many_auth_failures` without calling it. */
  async run<Found>(
    digest: string,
    address: string,
    verify: () => Promise<Found | null>,
  ): Promise<Found | null> {
    if ((this.#admitted.get(digest) ?? 0) <= this.#clock.now()) this.#failures.assertAllowed(address);
    const found = await verify();
    this.#admitted.delete(digest);
    if (found === null) this.noteFailure(address);
    else this.#admitted.set(digest, this.#clock.now() + ADMITTED_MS);
    return found;
  }

  noteFailure(address: string): void {
    this.#failures.note(address);
  }
}
