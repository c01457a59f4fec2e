import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const MINUTE_MS = 60_000;
const MAX_ADDRESSES = 10_000;

/** Counts failed credentials per address and minute. */
export class FailureLimiter {
  readonly #clock: Clock;
  readonly #limit: number;
  #counts = new BoundedMap<string, number>(MAX_ADDRESSES);
  #minute = 0;

  /** @param limit failures per address and minute; 0 means no limit. */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Throws `too_many_auth_failures` once an address has reached the limit in this minute. */
  assertAllowed(address: string): void {
    if (this.#limit === 0 || (this.#current().get(address) ?? 0) < this.#limit) return;
    const retryAfterSeconds = Math.ceil((MINUTE_MS - (this.#clock.now() % MINUTE_MS)) / 1_000);
    throw new GatewayError("too_many_auth_failures", "Too many failed credentials from this address.", {
      retryAfterSeconds,
    });
  }

  note(address: string): void {
    const counts = this.#current();
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }

  /** Takes back what `note` has counted in this minute. */
  forgive(address: string): void {
    const counts = this.#current();
    const count = counts.get(address) ?? 0;
    if (count > 0) counts.set(address, count - 1);
  }

  #current(): BoundedMap<string, number> {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts = new BoundedMap(MAX_ADDRESSES);
    }
    return this.#counts;
  }
}
