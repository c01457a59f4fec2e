import { AdmissionCalls, type AdmissionQueue } from "#lib/services/admission/admission-calls.ts";
import type { KeyAdmissionStore } from "#lib/services/admission/admission-store.ts";
import { type Held, KeyHolds } from "#lib/services/admission/key-holds.ts";
import { LocalWindows } from "#lib/services/admission/local-limits.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import { type Refusal, refused } from "#lib/services/admission/refusals.ts";
import {
  type Caller,
  type GatewayKeyLimits,
  NAMED_MODE,
  type ProxyCaller,
} from "#lib/services/identity/caller.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * What is held by others is looked at once more after this long before a request is refused for it, milliseconds. The
 * request before of the same client may have ended in another process, where it is being stored.
 */
const SECOND_LOOK_MS = 150;
const MAX_ENDED = 1_000;

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
   * Users, open callers and keys without a limit cost no database call. Throws `database_unavailable` too, if the
   * database is too busy to say.
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
  queue: AdmissionQueue,
): KeyAdmission & { /** What requests hold in this process. */ holds: KeyHolds } {
  const holds = new KeyHolds(store, clock, logger);
  const gate = new Gate(new AdmissionCalls(store, clock, queue), clock, holds);
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
  readonly #calls: AdmissionCalls;
  readonly #clock: Clock;
  readonly #holds: KeyHolds;
  readonly #windows: LocalWindows;

  constructor(calls: AdmissionCalls, clock: Clock, holds: KeyHolds) {
    this.#calls = calls;
    this.#clock = clock;
    this.#holds = holds;
    this.#windows = new LocalWindows(clock);
  }

  async admit(caller: KeyCaller, request: AdmissionRequest): Promise<void> {
    const { keyId, limits } = caller;
    const maxCostUsd = limits.usdPerMonth === undefined ? undefined : await request.maxCostUsd?.();
    try {
      let answer = await this.#ask(keyId, request, maxCostUsd);
      if (typeof answer === "object" && !answer.admitted && isOfOthers(answer)) {
        await sleep(this.#clock, SECOND_LOOK_MS);
        answer = await this.#ask(keyId, request, maxCostUsd);
      }
      if (typeof answer === "string") {
        return this.#admitAlone(caller, request, answer === "unknown" ? "maybe" : "no");
      }
      if (answer.requests !== undefined) request.onRateLimit?.(answer.requests);
      if (!answer.admitted) throw refused(limits, answer);
      // Counted here as well, so that the count does not restart when the database becomes unavailable.
      if (request.inBackground !== true) this.#windows.note(keyId);
      this.#hold(caller, request, answer.holds === true ? "yes" : "no");
    } catch (error) {
      // A call whose answer was lost may have admitted it after all.
      if (isUnavailable(error)) this.#holds.disown(request.requestId);
      throw error;
    }
  }

  /** By what this process has counted. */
  #admitAlone(caller: KeyCaller, request: AdmissionRequest, stored: Held["stored"]): void {
    const { keyId, limits } = caller;
    try {
      if (request.inBackground !== true) this.#countAlone(keyId, limits, request);
    } catch (error) {
      if (stored !== "no") this.#holds.disown(request.requestId);
      throw error;
    }
    this.#hold(caller, request, stored);
  }

  #countAlone(keyId: string, limits: GatewayKeyLimits, { onRateLimit }: AdmissionRequest): void {
    if (limits.requestsAtOnce !== undefined && this.#holds.slotsOf(keyId) >= limits.requestsAtOnce) {
      throw refused(limits, { reason: "at_once", retryAfterSeconds: 1 });
    }
    if (limits.requestsPerMinute === undefined) return;
    const { isAdmitted, ...left } = this.#windows.admit(keyId, limits.requestsPerMinute);
    onRateLimit?.(left);
    const retryAfterSeconds = Math.max(1, Math.ceil(left.resetMs / 1_000));
    if (!isAdmitted) throw refused(limits, { reason: "requests", retryAfterSeconds });
  }

  #hold({ keyId, limits }: KeyCaller, request: AdmissionRequest, stored: Held["stored"]): void {
    const takesSlot = limits.requestsAtOnce !== undefined && request.inBackground !== true;
    if (takesSlot || stored !== "no") this.#holds.hold(request.requestId, keyId, { takesSlot, stored });
  }

  #ask(
    keyId: string,
    { requestId, inBackground = false }: AdmissionRequest,
    maxCostUsd: number | undefined,
  ): ReturnType<AdmissionCalls["ask"]> {
    const ended = this.#holds.endedOf(keyId).slice(0, MAX_ENDED);
    return this.#calls.ask({ keyId, requestId, inBackground, maxCostUsd, ended });
  }
}

/** Whether others hold what is missing. */
function isOfOthers({ reason }: Refusal): boolean {
  return reason === "at_once" || reason === "reserved";
}

function isUnavailable(error: unknown): boolean {
  return error instanceof GatewayError && error.code === "database_unavailable";
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
