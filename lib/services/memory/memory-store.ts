import type { Caller } from "#lib/services/identity/caller.ts";

/** A fact of a user. Times are ISO 8601. */
export type Memory = { id: string; fact: string; createdAt: string; updatedAt: string };

/**
 * The facts of users. Whose they are follows from the caller; another user's do not exist.
 * All methods throw `database_unavailable`, and `not_configured` for a gateway key without a service role.
 */
export type MemoryStore = {
  /** The oldest first. */
  list(caller: Caller): Promise<Memory[]>;
  /** Undefined if the user has this fact. Throws `conflict` if the user has as many as are kept. */
  add(caller: Caller, fact: string): Promise<Memory | undefined>;
  /** Undefined if the user has no such fact. Throws `conflict` if another one says the same. */
  edit(caller: Caller, id: string, fact: string): Promise<Memory | undefined>;
  /** How many of these the user had. */
  remove(caller: Caller, ids: readonly string[]): Promise<number>;
  removeAll(caller: Caller): Promise<void>;
};
