import type { MemoryChanges } from "#lib/memory/changes.ts";
import type { MemoryWish } from "#lib/memory/wish.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { QuestionRecord } from "#lib/services/ledger/run-outcome.ts";
import type { Memory } from "#lib/services/memory/memory-store.ts";

export type ChangesQuery = {
  /** Of the turn. */
  requestId: string;
  caller: Caller;
  message: string;
  known: readonly Memory[];
  /** What the user asks for in plain words. */
  wish: MemoryWish | undefined;
  signal: AbortSignal;
  /** Bills the question to the turn; without it, it gets a row of its own. */
  onAsked?: ((question: QuestionRecord) => void) | undefined;
};

/**
 * Asks a model what a message changes about the facts of its user; undefined if it does not say so in the form that
 * it was asked for. Throws what calling an engine throws, and `forbidden` if the gateway key may not use the mode.
 */
export type FindChanges = (query: ChangesQuery) => Promise<MemoryChanges | undefined>;
