import type { EngineUsage } from "#lib/providers/chat/run.ts";
import type { Turn } from "#lib/services/chat/turn.ts";

export type AskedTurnContext = {
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  /** Bills what the question has used to the turn. */
  onUsed(usage: EngineUsage): void;
};

/**
 * Lets a model find the mode of a turn about which the router is unsure. Undefined if there is nothing to ask;
 * else a function that resolves with the turn, in the mode that was found or as it was. It never rejects.
 */
export type ModeAsker = (
  turn: Turn,
  settleSecret: string,
) => ((context: AskedTurnContext) => Promise<Turn>) | undefined;
