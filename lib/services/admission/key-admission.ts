import { type HoldStore, KeyHolds } from "#lib/services/admission/key-holds.ts";
import { LocalWindows } from "#lib/services/admission/local-limits.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import { type Refusal, refused } from "#lib/services/admission/refusals.ts";
import { type Caller, NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Pause after a failed call, so that not every request waits for the database; milliseconds. */
const UNAVAILABLE_MS = 2_000;
/**
 * What is held by others is looked at once more after this long before a request is refused for it, milliseconds. The
 * request before of the same client may have ended in another process, where it is being stored.
 */
const SECOND_LOOK_MS = 150;
const MAX_ENDED = 1_000;

/** Whether the database admits one more request of a key. */
export type KeyVerdict = { requests?: RateLimit | undefined } & (
  | { admitted: true }
  | ({ admitted: false } & Refusal)
);

/** A request that is to be admitted, as the database needs it. */
export type AskedAdmission = {
  keyId: string;
  requestId: string;
  /** A question behind an answer: it counts against the budget alone. */
  inBackground: boolean;
  /** USD that it may cost at most; undefined if that is not known: then nothing of the budget is reserved. */
  maxCostUsd: number | undefined;
  /** Requests of the key that have ended in this process, and may not be stored yet. */
  ended: readonly string[];
};

export type KeyAdmissionStore = HoldStore & {
  /**
   * Checks all limits of a key, and counts and holds what one more request takes; atomic across all processes on the
   * database. Throws `database_unavailable`.
   */
  admit(asked: AskedAdmission): Promise<KeyVerdict>;
};

export type AdmissionRequest = {
  /** The id of the turn, or of what has no turn: what it holds is released by it. */
  requestId: string;
  inBackground?: boolean;
  /** USD that the request may cost at most. Only asked for a key with a budget. */
  maxCostUsd?: (() => Promise<number | undefined>) | undefined;
  /** Takes what is left of the key's requests a minute, also if the request is refused. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

export type KeyAdmission = {
  /**
   * Admits a request, or throws: `rate_limited`, `budget_exceeded` or `unauthorized` (revoked or expired meanwhile).
   * What it holds from then on is ended by the turn that begins with its id, see `releasingLedger`, or by `release`.
   * Users, open callers and keys without a limit cost no database call.
   */
  admit(caller: ProxyCaller, request: AdmissionRequest): Promise<void>;
  /** The request has no turn, or none that began. Resolves when what it held is released; never rejects. */
  release(requestId: string): Promise<void>;
};

type KeyCaller = Extract<Caller, { kind: "key" }>;

/**
 * The limits of gateway keys. The database counts, for all instances at once; while it is unavailable, each
 * process counts for itself, and budgets are not checked.
 */
export function createKeyAdmission(
  store: KeyAdmissionStore,
  clock: Clock,
  logger: Pick<Logger, "warn">,
): KeyAdmission & { /** What requests hold in this process. */ holds: KeyHolds } {
  const holds = new KeyHolds(store, clock, logger);
  const gate = new Gate(store, clock, holds);
  return {
    holds,
    release: (requestId) => holds.release(requestId),
    async admit(caller, request) {
      if (caller.kind !== "key") return;
      const { requestsPerMinute, requestsAtOnce, usdPerMonth } = caller.limits;
      const counted = request.inBackground === true ? undefined : (requestsPerMinute ?? requestsAtOnce);
      if ((counted ?? usdPerMonth) === undefined) return;
      await gate.admit(caller, request);
    },
  };
}

/**
 * Does what follows the admission of a request. If that fails before a turn has begun, what was admitted is released.
 */
export async function whileAdmitted<Result>(
  { admission, requestId, waitUntil }: { admission: KeyAdmission; requestId: string; waitUntil: WaitUntil },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    waitUntil(admission.release(requestId));
    throw error;
  }
}

class Gate {
  readonly #store: KeyAdmissionStore;
  readonly #clock: Clock;
  readonly #holds: KeyHolds;
  readonly #windows: LocalWindows;
  #unavailableUntil = Number.NEGATIVE_INFINITY;

  constructor(store: KeyAdmissionStore, clock: Clock, holds: KeyHolds) {
    this.#store = store;
    this.#clock = clock;
    this.#holds = holds;
    this.#windows = new LocalWindows(clock);
  }

  async admit(caller: KeyCaller, request: AdmissionRequest): Promise<void> {
    const { keyId, limits } = caller;
    const maxCostUsd = limits.usdPerMonth === undefined ? undefined : await request.maxCostUsd?.();
    let verdict = await this.#ask(keyId, request, maxCostUsd);
    if (verdict?.admitted === false && (verdict.reason === "at_once" || verdict.reason === "reserved")) {
      await sleep(this.#clock, SECOND_LOOK_MS);
      verdict = await this.#ask(keyId, request, maxCostUsd);
    }
    if (verdict === undefined) return this.#admitAlone(caller, request);
    if (verdict.requests !== undefined) request.onRateLimit?.(verdict.requests);
    if (!verdict.admitted) throw refused(limits, verdict);
    // Counted here as well, so that the count does not restart when the database becomes unavailable.
    if (request.inBackground !== true) this.#windows.note(keyId);
    this.#hold(caller, request, true);
  }

  /** By what this process has counted. */
  #admitAlone(caller: KeyCaller, request: AdmissionRequest): void {
    const { keyId, limits } = caller;
    if (request.inBackground === true) return;
    if (limits.requestsAtOnce !== undefined && this.#holds.slotsOf(keyId) >= limits.requestsAtOnce) {
      throw refused(limits, { reason: "at_once", retryAfterSeconds: 1 });
    }
    if (limits.requestsPerMinute !== undefined) {
      const { isAdmitted, ...left } = this.#windows.admit(keyId, limits.requestsPerMinute);
      request.onRateLimit?.(left);
      const retryAfterSeconds = Math.max(1, Math.ceil(left.resetMs / 1_000));
      if (!isAdmitted) throw refused(limits, { reason: "requests", retryAfterSeconds });
    }
    this.#hold(caller, request, false);
  }

  #hold({ keyId, limits }: KeyCaller, request: AdmissionRequest, isStored: boolean): void {
    const takesSlot = limits.requestsAtOnce !== undefined && request.inBackground !== true;
    if (!takesSlot && (limits.usdPerMonth === undefined || !isStored)) return;
    this.#holds.hold(request.requestId, keyId, { takesSlot, isStored });
  }

  /** Undefined while the database is unavailable. */
  async #ask(
    keyId: string,
    { requestId, inBackground = false }: AdmissionRequest,
    maxCostUsd: number | undefined,
  ): Promise<KeyVerdict | undefined> {
    if (this.#clock.now() < this.#unavailableUntil) return undefined;
    const ended = this.#holds.endedOf(keyId).slice(0, MAX_ENDED);
    try {
      return await this.#store.admit({ keyId, requestId, inBackground, maxCostUsd, ended });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== "database_unavailable") throw error;
      this.#unavailableUntil = this.#clock.now() + UNAVAILABLE_MS;
      return undefined;
    }
  }
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
