import type { ChatEvent } from "#lib/chat/events.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { arrayField, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

export type MessageItem = {
  kind: "message";
  phase: string;
  begun: boolean;
  /** What has come of each part's text, by its index. */
  parts: Map<number, string>;
};
export type ReasoningItem = { kind: "reasoning"; parts: Set<number>; hasText: boolean };
export type CallItem = {
  kind: "call";
  /** Its index in the events; undefined until its name is known. */
  index: number | undefined;
  custom: boolean;
  id: string;
  name: string;
  /** What has come of the arguments, and how much of it was passed on. */
  text: string;
  passed: number;
};
export type Item = (MessageItem | ReasoningItem | CallItem | { kind: "block" }) & { isDone: boolean };
export type Kind = Item["kind"];

export function kindOf(raw: Record<string, unknown>): Kind {
  switch (raw["type"]) {
    case "message":
    case "reasoning":
      return raw["type"];
    case "function_call":
    case "custom_tool_call":
      return "call";
    default:
      return "block";
  }
}

/** The item if it can be sent back: it holds its reasoning, in encrypted or in plain form. */
export function replayable(raw: Record<string, unknown>): JsonObject | undefined {
  const { id, encrypted_content: encrypted, summary } = raw;
  const head: JsonObject = { type: "reasoning", ...(typeof id === "string" ? { id } : {}) };
  if (typeof encrypted === "string" && encrypted !== "") {
    const list = Array.isArray(summary) && isWritable(summary) ? (summary as JsonValue[]) : [];
    return { ...head, summary: list, encrypted_content: encrypted };
  }
  return arrayField(raw, "content").length > 0 ? head : undefined;
}

export function callEvent(
  { custom }: CallItem,
  index: number,
  fields: { id?: string; name?: string; arguments: string },
): ChatEvent {
  const event: ChatEvent & { type: "tool_call" } = { type: "tool_call", index, ...fields };
  // On every fragment: clients get other field names for custom calls.
  if (custom) event.custom = true;
  return event;
}
