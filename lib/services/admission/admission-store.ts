import type { HoldStore } from "#lib/services/admission/key-holds.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { Refusal } from "#lib/services/admission/refusals.ts";

/**
 * Whether the database admits one more request of a key. `holds`: something is held from now on; undefined from a
 * database of before 020, which holds nothing.
 */
export type KeyVerdict = {
  requests?: RateLimit | undefined;
} & ({ admitted: true; holds?: boolean | undefined } | ({ admitted: false } & Refusal));

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
