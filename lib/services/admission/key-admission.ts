import { type Caller, NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const MINUTE_MS = 60_000;
/** Pause after a failed call, so that not every request waits for the database; milliseconds. */
const UNAVAILABLE_MS = 2_000;
const MAX_WINDOWS = 10_000;

/** Whether the database admits one more request of a key. */
export type KeyVerdict =
  | { admitted: true }
  | { admitted: false; reason: "requests" | "budget"; retryAfterSeconds: number }
  | { admitted: false; reason: "revoked" };

export type KeyAdmissionStore = {
  /**
   * Counts one more request of this key, if its limits allow it; atomic across all processes on the
   * database. Throws `database_unavailable`.
   */
  admit(keyId: string): Promise<KeyVerdict>;
};

export type KeyAdmission = {
  /**
   * Counts a request, or throws: `rate_limited`, `budget_exceeded` or `unauthorized` (revoked meanwhile).
   * Users, open callers and keys without a limit cost no database call.
   */
  admit(caller: ProxyCaller): Promise<void>;
};

type KeyCaller = Extract<Caller, { kind: "key" }>;

/**
 * The limits of gateway keys. The database counts, for all instances at once; while it is unavailable, each
 * process counts for itself, and budgets are not checked.
 */
export function createKeyAdmission(store: KeyAdmissionStore, clock: Clock): KeyAdmission {
  const local = new LocalWindows(clock);
  let unavailableUntil = Number.NEGATIVE_INFINITY;

  const admitInDatabase = async (keyId: string): Promise<KeyVerdict | undefined> => {
    if (clock.now() < unavailableUntil) return undefined;
    try {
      return await store.admit(keyId);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== "database_unavailable") throw error;
      unavailableUntil = clock.now() + UNAVAILABLE_MS;
      return undefined;
    }
  };

  return {
    async admit(caller) {
      if (caller.kind !== "key") return;
      const { requestsPerMinute, usdPerMonth } = caller.limits;
      if (requestsPerMinute === undefined && usdPerMonth === undefined) return;
      const verdict = await admitInDatabase(caller.keyId);
      if (verdict !== undefined) {
        if (!verdict.admitted) throw refusal(caller, verdict);
        // Counted here as well, so that the count does not restart when the database becomes unavailable.
        local.note(caller.keyId);
      } else if (requestsPerMinute !== undefined) {
        local.admit(caller, requestsPerMinute);
      }
    },
  };
}

/** Whether the caller may use this mode; `named` stands for engines by name. */
export function mayUseMode(caller: ProxyCaller, mode: string): boolean {
  return caller.kind !== "key" || caller.limits.modes?.includes(mode) !== false;
}

/**
 * Throws `forbidden` when the key may not use one of these.
 * @param modes every mode that may answer, and `named` if the client names engines.
 */
export function assertModesAllowed(caller: ProxyCaller, ...modes: readonly string[]): void {
  const allowed = caller.kind === "key" ? caller.limits.modes : undefined;
  const mode = modes.find((one) => !mayUseMode(caller, one));
  if (allowed === undefined || mode === undefined) return;
  const what = mode === NAMED_MODE ? "name engines" : `use mode "${mode}"`;
  const list = allowed.map((one) => `"${one}"`).join(", ");
  throw new GatewayError("forbidden", `This gateway key may not ${what}. It may use: ${list}.`);
}

function refusal({ limits }: KeyCaller, verdict: KeyVerdict & { admitted: false }): GatewayError {
  switch (verdict.reason) {
    case "revoked":
      return new GatewayError("unauthorized", "This gateway key was revoked. Use another one.");
    case "requests":
      return tooMany(limits.requestsPerMinute, verdict.retryAfterSeconds);
    case "budget": {
      const budget = limits.usdPerMonth === undefined ? "" : ` of ${limits.usdPerMonth} USD`;
      return new GatewayError(
        "budget_exceeded",
        `This gateway key has spent its budget${budget} for this month (UTC). Use another key, or wait for the next month.`,
        { retryAfterSeconds: verdict.retryAfterSeconds },
      );
    }
  }
}

function tooMany(limit: number | undefined, retryAfterSeconds: number): GatewayError {
  const allowed = limit === undefined ? "no more requests in this minute" : `${limit} requests a minute`;
  return new GatewayError(
    "rate_limited",
    `This gateway key may make ${allowed}. Try again in ${retryAfterSeconds} s, or use a key with a higher limit.`,
    { retryAfterSeconds },
  );
}

/** Requests of keys in this process, each key's in a minute that starts with its first one. */
class LocalWindows {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { from: number; used: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(keyId: string): void {
    this.#current(keyId).used++;
  }

  admit({ keyId }: KeyCaller, limit: number): void {
    const window = this.#current(keyId);
    if (window.used >= limit) {
      throw tooMany(limit, Math.max(1, Math.ceil((window.from + MINUTE_MS - this.#clock.now()) / 1_000)));
    }
    window.used++;
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
