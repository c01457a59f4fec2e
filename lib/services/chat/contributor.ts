import type { ChatMessage, ContentPart } from "#lib/chat/request.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { QuestionRecord } from "#lib/services/ledger/run-outcome.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** What a contributor adds to the request of a turn. Both lists keep the order of the contributors' rows. */
export type Contribution = {
  /** Goes before the conversation: what changes rarely, so that providers can cache it. */
  before?: readonly ChatMessage[];
  /** Goes into the user's message: what applies to this message only. */
  beside?: readonly ContentPart[];
  /** Answer instead of the turn's engines, which do not take all that is added. */
  engines?: readonly Engine[];
  /** Tools that the model may call. */
  tools?: readonly OfferedTool[];
  /** Everything that the message needs from outside is there: a search of the web would add nothing. */
  isComplete?: boolean;
};

export type ContributorContext = {
  /** Aborts when the client disconnects, and when the contributor's time is over. */
  signal: AbortSignal;
  /** Sends an event to the client while the contributor works. */
  emit(event: NativeEvent): void;
  /** Bills a question to an engine to the turn, whatever becomes of the contribution. */
  onAsked(question: QuestionRecord): void;
  /** Records a call of a tool with the turn, whatever becomes of the contribution. */
  onToolCall(call: ToolCallRecord): void;
};

/**
 * Adds to the request before an engine is called: the system prompt, later memory, documents, live tools,
 * search. Contributors run in parallel, and none knows another. If one fails or takes too long, the client
 * gets a `tool` event, and the turn goes on without it, unless it is required.
 */
export type Contributor = {
  /** The name in events and logs. */
  name: string;
  /** How long it may take, milliseconds. */
  timeoutMs: number;
  /** The turn fails if this contributor does. */
  isRequired?: boolean;
  /** Whether it runs for this turn. */
  wants(turn: Turn): boolean;
  /** A contributor that waits for nothing returns its contribution without a promise. */
  run(turn: Turn, context: ContributorContext): Contribution | Promise<Contribution>;
};
