import type {
  AskedAdmission,
  KeyAdmissionStore,
  KeyVerdict,
} from "#lib/services/admission/admission-store.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Pause after a failed call, so that not every request waits for the database; milliseconds. */
const UNAVAILABLE_MS = 2_000;
/** A call that fails after this long was not refused: nothing came back; milliseconds. */
const SILENT_MS = 1_000;
/** How often a database that may be busy is asked for one request. */
const MAX_TRIES = 2;

/**
 * Lets so many calls run at once; the others wait, so that a crowd does not make the database too slow for all.
 * Throws `database_unavailable` for who has waited too long.
 */
export type AdmissionQueue = {
  run<Result>(keyId: string, call: () => Promise<Result>): Promise<Result>;
};

/** The verdict; `not_asked` while the database is unavailable, `unknown` if its answer was lost: it may have admitted. */
export type AdmissionAnswer = KeyVerdict | "not_asked" | "unknown";

/**
 * Asks the database for admissions, and tells a database that is away from one that is busy. One that answers other
 * calls while it fails one is busy: then it is asked again, and the request fails, since letting it pass would mean
 * that a crowd passes every limit. Silence may be either, so that it is asked again as well.
 */
export class AdmissionCalls {
  readonly #store: Pick<KeyAdmissionStore, "admit">;
  readonly #clock: Pick<Clock, "now">;
  readonly #queue: AdmissionQueue;
  #unavailableUntil = Number.NEGATIVE_INFINITY;
  /** How many calls have been answered. */
  #answered = 0;

  constructor(store: Pick<KeyAdmissionStore, "admit">, clock: Pick<Clock, "now">, queue: AdmissionQueue) {
    this.#store = store;
    this.#clock = clock;
    this.#queue = queue;
  }

  /** Throws `database_unavailable` if the database is too busy, and what the store throws besides. */
  async ask(asked: AskedAdmission): Promise<AdmissionAnswer> {
    if (this.#isAway) return "not_asked";
    return this.#queue.run(asked.keyId, () => this.#call(asked));
  }

  get #isAway(): boolean {
    return this.#clock.now() < this.#unavailableUntil;
  }

  async #call(asked: AskedAdmission): Promise<AdmissionAnswer> {
    const before = this.#answered;
    for (let tries = 1; ; tries++) {
      // It may have gone while this call waited.
      if (this.#isAway) return tries === 1 ? "not_asked" : "unknown";
      const sentAt = this.#clock.now();
      try {
        const verdict = await this.#store.admit(asked);
        this.#answered++;
        return verdict;
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== "database_unavailable") throw error;
        const isBusy = this.#answered > before;
        const isSilent = this.#clock.now() - sentAt >= SILENT_MS;
        if (tries < MAX_TRIES && (isBusy || isSilent)) continue;
        if (isBusy) throw error;
        this.#unavailableUntil = this.#clock.now() + UNAVAILABLE_MS;
        return "unknown";
      }
    }
  }
}
