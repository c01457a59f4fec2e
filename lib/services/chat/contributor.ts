import type { ChatMessage, ContentPart } from "#lib/chat/request.ts";
import type { EngineUsage } from "#lib/providers/chat/run.ts";
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
  /** Sends the client an event while the contributor works. */
  emit(event: NativeEvent): void;
  /** What a call of an engine used on the way: it is billed to the turn, whatever becomes of it. */
  onUsed(usage: EngineUsage): void;
};

/**
 * Somebody who adds to the request before an engine is asked: the system prompt, later memory, documents,
 * live tools, search. Contributors run at the same time, and none knows another. If one fails or takes too
 * long, the client gets a `tool` event, and the turn goes on without it, unless it is required.
 */
export type Contributor = {
  /** The name in events and logs. */
  name: string;
  /** How long it may take, milliseconds. */
  timeoutMs: number;
  /** The turn fails if this contributor does. */
  isRequired?: boolean;
  /** Whether it has anything to do with this turn. */
  wants(turn: Turn): boolean;
  /** One that has nothing to wait for answers at once, without a promise. */
  run(turn: Turn, context: ContributorContext): Contribution | Promise<Contribution>;
};
