import type { Turn } from "#lib/services/chat/turn.ts";
import type { QuestionRecord } from "#lib/services/ledger/run-outcome.ts";

export type AskedTurnContext = {
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  /** Bills the question to the turn. */
  onAsked(question: QuestionRecord): void;
};

/**
 * Lets a model find the mode of a turn about which the router is unsure. Undefined if there is nothing to ask;
 * else a function that resolves with the turn, in the mode that was found or as it was. It never rejects.
 */
export type ModeAsker = (
  turn: Turn,
  settleSecret: string,
) => ((context: AskedTurnContext) => Promise<Turn>) | undefined;
