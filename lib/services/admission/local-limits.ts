import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { Clock } from "#lib/shared/clock.ts";

const MINUTE_MS = 60_000;
const MAX_WINDOWS = 10_000;

/** Requests of keys in this process, each key's in a minute that starts with its first one. */
export class LocalWindows {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { from: number; used: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The database has counted one more. */
  note(keyId: string): void {
    this.#current(keyId).used++;
  }

  /** Counts one more if there is room. */
  admit(keyId: string, limit: number): RateLimit & { isAdmitted: boolean } {
    const window = this.#current(keyId);
    const isAdmitted = window.used < limit;
    if (isAdmitted) window.used++;
    const resetMs = window.from + MINUTE_MS - this.#clock.now();
    return { isAdmitted, limit, remaining: Math.max(0, limit - window.used), resetMs };
  }

  #current(keyId: string): { used: number; from: number } {
    const now = this.#clock.now();
    const known = this.#windows.get(keyId);
    if (known !== undefined && known.from + MINUTE_MS > now) return known;
    const window = { from: now, used: 0 };
    this.#windows.delete(keyId);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size >= MAX_WINDOWS && oldest !== undefined) this.#windows.delete(oldest);
    this.#windows.set(keyId, window);
    return window;
  }
}
