import type { Caller } from "#lib/services/identity/caller.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";

/** A saved conversation, as lists show it. */
export type SessionSummary = {
  id: string;
  title: string;
  /** ISO 8601 in UTC with microseconds, as the next one. */
  createdAt: string;
  updatedAt: string;
};

/** A saved conversation with its messages, the oldest first. */
export type Session = SessionSummary & { messages: StoredMessage[] };

/** How much of which session a branch begins with. */
export type BranchPoint = {
  id: string;
  /** How many messages, at least 1. */
  messages: number;
};

/**
 * The saved conversations of callers. A gateway key acts for its owner. All throw `database_unavailable`, and
 * `not_configured` for a key if there is no service role.
 */
export type SessionStore = {
  /** All of the caller's, the newest change first. The database keeps 50 for a user. */
  list(caller: Caller): Promise<SessionSummary[]>;
  /** Makes an empty one; the oldest of 51 is removed. Throws `unauthorized` if the account is gone. */
  create(caller: Caller, title: string | undefined): Promise<SessionSummary>;
  /**
   * Makes one of the first messages of another one, which stays as it is, with its files as far as there is room.
   * Undefined if the caller has none with this id, as in the next two.
   */
  branch(caller: Caller, from: BranchPoint, title: string | undefined): Promise<SessionSummary | undefined>;
  find(caller: Caller, id: string): Promise<Session | undefined>;
  rename(caller: Caller, id: string, title: string): Promise<SessionSummary | undefined>;
  /** False if there was none. */
  remove(caller: Caller, id: string): Promise<boolean>;
};
