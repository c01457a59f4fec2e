import type {
  AssistantMessage,
  AssistantPart,
  ChatMessage,
  Content,
  ToolMessage,
  UserMessage,
} from "#lib/chat/request.ts";
import { CallIds, type IdRule, isAcceptedId } from "#lib/providers/protocols/fit/tool-ids.ts";

/** The result of a call that was interrupted. */
const NO_RESULT = "The call was interrupted, and there is no result.";
const EARLIER_RESULT = "Result of an earlier tool call:";

/** A call of an assistant message, and its result once it is found. */
type Slot = { id: string; acceptedId: string; result: ToolMessage | undefined };
/** An assistant message that calls tools. Its results follow it, and then everything else. */
type ToolTurn = {
  kind: "turn";
  first: AssistantMessage;
  parts: AssistantPart[];
  slots: Slot[];
  hasResult: boolean;
};
/** A result that came before its call, or has none. */
type Orphan = { kind: "orphan"; result: ToolMessage; hasCall: boolean };
type Item = ToolTurn | Orphan | { kind: "message"; message: ChatMessage };

/**
 * The messages such that each call has an id of its own that the API accepts, and is followed by exactly one
 * result, in the order of the calls, before anything else. A message between a call and its result goes
 * behind the results; a call without a result gets one that says so; a result without a call, or a second
 * one, becomes a text of the user. The same array if nothing needs to change.
 */
export function withToolTurns(messages: readonly ChatMessage[], rule: IdRule): readonly ChatMessage[] {
  if (areToolTurns(messages, rule)) return messages;
  const turns = new ToolTurns(rule);
  for (const message of messages) turns.add(message);
  return turns.messages();
}

/** Whether the messages are already as `withToolTurns` would return them. */
function areToolTurns(messages: readonly ChatMessage[], rule: IdRule): boolean {
  const seen = new Set<string>();
  let open: string[] = [];
  let answered = 0;
  for (const message of messages) {
    if (message.role === "tool") {
      if (open[answered] !== message.toolCallId) return false;
      answered++;
      continue;
    }
    if (answered < open.length) return false;
    open = [];
    answered = 0;
    if (message.role !== "assistant") continue;
    for (const part of message.parts) {
      if (part.type !== "tool_call") continue;
      if (seen.has(part.id) || !isAcceptedId(part.id, rule)) return false;
      seen.add(part.id);
      open.push(part.id);
    }
  }
  return answered === open.length;
}

class ToolTurns {
  readonly #items: Item[] = [];
  readonly #ids: CallIds;
  /** The unanswered calls by id, a queue for each turn, from the earliest turn to the latest. */
  readonly #open = new Map<string, { turn: ToolTurn; slots: Slot[]; next: number }[]>();
  /** The results without a call so far, by id. */
  readonly #orphans = new Map<string, Orphan[]>();
  /** The results that were found, by id. */
  readonly #answers = new Map<string, ToolMessage>();

  constructor(rule: IdRule) {
    this.#ids = new CallIds(rule);
  }

  add(message: ChatMessage): void {
    if (message.role === "tool") this.#addResult(message);
    else if (message.role === "assistant") this.#addAssistant(message);
    else this.#items.push({ kind: "message", message });
  }

  messages(): ChatMessage[] {
    return this.#items.flatMap((item): ChatMessage[] => {
      switch (item.kind) {
        case "message":
          return [item.message];
        case "orphan":
          return item.hasCall ? [] : [asUserMessage(item.result)];
        case "turn":
          return turnMessages(item);
      }
    });
  }

  #addAssistant(message: AssistantMessage): void {
    const calls = message.parts.flatMap((part) => (part.type === "tool_call" ? [part] : []));
    if (calls.length === 0) {
      this.#items.push({ kind: "message", message });
      return;
    }
    const slots = calls.map(({ id }): Slot => ({ id, acceptedId: this.#ids.next(id), result: undefined }));
    const turn = this.#turnFor(message);
    for (const part of message.parts) turn.parts.push(part);
    for (const slot of slots) turn.slots.push(slot);
    for (const slot of slots) {
      const early = this.#orphans.get(slot.id)?.shift();
      if (early !== undefined) {
        slot.result = early.result;
        early.hasCall = true;
        turn.hasResult = true;
        continue;
      }
      const queues = this.#open.get(slot.id) ?? [];
      const last = queues.at(-1);
      if (last?.turn === turn) last.slots.push(slot);
      else queues.push({ turn, slots: [slot], next: 0 });
      this.#open.set(slot.id, queues);
    }
  }

  /** Calls that a client spread over adjacent messages are one turn: no result comes between them. */
  #turnFor(first: AssistantMessage): ToolTurn {
    const last = this.#items.at(-1);
    if (last?.kind === "turn" && !last.hasResult) return last;
    const turn: ToolTurn = { kind: "turn", first, parts: [], slots: [], hasResult: false };
    this.#items.push(turn);
    return turn;
  }

  /** A result belongs to the latest turn that waits for its id, and there to the first such call. */
  #addResult(result: ToolMessage): void {
    const queues = this.#open.get(result.toolCallId) ?? [];
    const queue = queues.at(-1);
    const slot = queue?.slots[queue.next];
    if (queue !== undefined && slot !== undefined) {
      slot.result = result;
      queue.turn.hasResult = true;
      queue.next++;
      if (queue.next === queue.slots.length) queues.pop();
      this.#answers.set(result.toolCallId, result);
      return;
    }
    const answer = this.#answers.get(result.toolCallId);
    // Some clients send a result twice.
    if (answer !== undefined && isSameContent(answer.content, result.content)) return;
    const orphan: Orphan = { kind: "orphan", result, hasCall: false };
    this.#items.push(orphan);
    // A second result of an answered call never belongs to a later one.
    if (answer !== undefined) return;
    const waiting = this.#orphans.get(result.toolCallId);
    if (waiting === undefined) this.#orphans.set(result.toolCallId, [orphan]);
    else waiting.push(orphan);
  }
}

function turnMessages({ first, parts, slots }: ToolTurn): ChatMessage[] {
  let call = 0;
  const renamed = parts.map((part): AssistantPart => {
    if (part.type !== "tool_call") return part;
    const id = slots[call++]?.acceptedId ?? part.id;
    return id === part.id ? part : { ...part, id };
  });
  const results = slots.map(
    ({ acceptedId, result }): ToolMessage =>
      result === undefined
        ? { role: "tool", toolCallId: acceptedId, content: NO_RESULT, isError: true }
        : { ...result, toolCallId: acceptedId },
  );
  return [{ ...first, parts: renamed }, ...results];
}

function asUserMessage({ content }: ToolMessage): UserMessage {
  if (typeof content === "string") return { role: "user", content: `${EARLIER_RESULT}\n${content}` };
  return { role: "user", content: [{ type: "text", text: EARLIER_RESULT }, ...content] };
}

function isSameContent(first: Content, second: Content): boolean {
  if (typeof first === "string" && typeof second === "string") return first === second;
  return JSON.stringify(first) === JSON.stringify(second);
}
