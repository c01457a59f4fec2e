import { digestOf } from "#lib/server/auth/bearer-lookup.ts";
import { FailureLimiter } from "#lib/server/auth/failure-limiter.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Wrong passwords within a minute that one address, and one account, may have. */
const MAX_WRONG_PER_MINUTE = 20;

/** Slows down whoever guesses passwords: of many accounts from one address, or of one account from many. */
export class SignInLimiter {
  readonly #addresses: FailureLimiter;
  readonly #accounts: FailureLimiter;

  /** @param limit `AUTH_FAILURES_PER_MINUTE`; 0 switches this off too. */
  constructor(clock: Clock, limit: number) {
    const allowed = Math.min(limit, MAX_WRONG_PER_MINUTE);
    this.#addresses = new FailureLimiter(clock, allowed);
    this.#accounts = new FailureLimiter(clock, allowed);
  }

  /**
   * Counts a try before it is made: many at once would otherwise all begin before the first has failed. Returns what
   * takes it back. Throws `too_many_auth_failures`.
   */
  begin(address: string, email: string): () => void {
    const account = accountOf(email);
    this.#addresses.assertAllowed(address);
    this.#accounts.assertAllowed(account);
    this.#addresses.note(address);
    this.#accounts.note(account);
    return () => {
      this.#addresses.forgive(address);
      this.#accounts.forgive(account);
    };
  }
}

/** A map of failures need not hold addresses of people. */
function accountOf(email: string): string {
  return digestOf(email.toLowerCase());
}
