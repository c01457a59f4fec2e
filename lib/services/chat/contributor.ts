import type { ChatMessage, ContentPart } from "#lib/chat/request.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** What a contributor adds to the request of a turn. Both lists keep the order of the contributors' rows. */
export type Contribution = {
  /** Stands before the conversation: what changes rarely, so that providers can cache it. */
  before?: readonly ChatMessage[];
  /** Stands beside the user's message: what holds for this message only. */
  beside?: readonly ContentPart[];
};

export type ContributorContext = {
  /** Aborts when the client leaves, and when the contributor's time is over. */
  signal: AbortSignal;
  /** Tells the client something while the contributor works. */
  emit(event: NativeEvent): void;
};

/**
 * Somebody who adds to the request before an engine is asked: the system prompt, later memory, documents,
 * live tools, search. Contributors run at the same time, and none knows another. One that fails, or takes
 * too long, is told to the client as a `tool` event, and the turn goes on without it.
 */
export type Contributor = {
  /** The name in events and logs. */
  name: string;
  /** How long it may take, milliseconds. */
  timeoutMs: number;
  /** Whether it has anything to do with this turn. */
  wants(turn: Turn): boolean;
  /** One that has nothing to wait for answers at once, without a promise. */
  run(turn: Turn, context: ContributorContext): Contribution | Promise<Contribution>;
};
