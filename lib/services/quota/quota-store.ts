import type { Caller } from "#lib/services/identity/caller.ts";

/** Turns that were counted in one UTC day, by mode. */
export type QuotaCounts = {
  /** `YYYY-MM-DD`, by the database's clock, as it counts. */
  day: string;
  user: ReadonlyMap<string, number>;
  /** Of all users together. */
  company: ReadonlyMap<string, number>;
};

export type QuotaStore = {
  /**
   * Today's counts of a user and of all. Throws `not_found` if there is no such user, `unauthorized` if that
   * was the caller, `database_unavailable`, and `not_configured` without a service role if that is needed: for a gateway key, and for another user.
   */
  today(caller: Caller, userId: string): Promise<QuotaCounts>;
};
