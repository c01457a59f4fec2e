import type { AnswerChoice } from "#lib/chat/answer.ts";
import { answerMessage } from "#lib/chat/answer-message.ts";
import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  messageParts,
  type ToolCallPart,
  type ToolMessage,
} from "#lib/chat/request.ts";
import type { ToolRoundLimits, ToolRoundsOptions } from "#lib/providers/chat/tool-rounds-types.ts";
import { truncate } from "#lib/shared/text.ts";

const ID_BYTES = 12;
/** Calls of the gateway's tools in one answer that are heeded: a model that has lost itself writes thousands. */
const MAX_CALLS = 64;

/**
 * The answer as a message, with ids that no earlier call of the conversation has: some engines count from 0 anew. Of
 * the calls of tools that the gateway runs, it has the first ones only.
 */
export function messageOf(
  choice: AnswerChoice,
  usedIds: Set<string>,
  { tools, randomHex }: Pick<ToolRoundsOptions, "tools" | "randomHex">,
): AssistantMessage {
  const message = answerMessage(choice);
  let own = 0;
  message.parts = message.parts.filter(
    (part) => part.type !== "tool_call" || !tools.has(part.name) || ++own <= MAX_CALLS,
  );
  for (const part of message.parts) {
    if (part.type !== "tool_call") continue;
    if (part.id === "" || usedIds.has(part.id)) part.id = `call_${randomHex(ID_BYTES)}`;
    usedIds.add(part.id);
  }
  return message;
}

export function callsIn(message: ChatMessage): ToolCallPart[] {
  return messageParts(message).flatMap((part) => (part.type === "tool_call" ? [part] : []));
}

export function idsIn(messages: readonly ChatMessage[]): Set<string> {
  return new Set(messages.flatMap(callsIn).map(({ id }) => id));
}

/** The request forces a call. */
export function mustCall({ toolChoice }: ChatRequest): boolean {
  if (toolChoice === "required") return true;
  if (typeof toolChoice !== "object") return false;
  return toolChoice.type === "tool" || toolChoice.required;
}

/** Each result behind the message with its call, before what the user has said since. */
export function insertResults(messages: ChatMessage[], results: readonly ToolMessage[]): void {
  const places = new Map(
    messages.flatMap((message, at) => callsIn(message).map(({ id }) => [id, at] as const)),
  );
  const byPlace = Map.groupBy(results, ({ toolCallId }) => places.get(toolCallId) ?? -1);
  // From the last one on, so that the places before it stay what they are.
  for (const [at, made] of [...byPlace].sort(([a], [b]) => b - a)) {
    let end = at + 1;
    while (messages[end]?.role === "tool") end += 1;
    messages.splice(end, 0, ...made);
  }
}

/** How much of what tools say goes to engines, so that an answer in many rounds does not outgrow them. */
export class ResultRoom {
  readonly #each: number;
  #left: number;

  constructor({ resultCharacters, allCharacters }: ToolRoundLimits) {
    this.#each = resultCharacters;
    this.#left = allCharacters;
  }

  get isEmpty(): boolean {
    return this.#left <= 0;
  }

  /** A result, or as much of it as there is room for. */
  take(text: string): string {
    const room = Math.min(this.#each, Math.max(0, this.#left));
    this.#left -= text.length;
    if (text.length <= room) return text;
    return `${truncate(text, Math.max(1, room))}\n[The result has ${text.length} characters; the rest is left out.]`;
  }
}
