import type { ChatEvent } from "#lib/chat/events.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Adds what a call says besides its name and input (`caller`) to its first event. */
export function addNative(first: ChatEvent | undefined, block: Record<string, unknown>): void {
  const { type: _type, id: _id, name: _name, input: _input, ...fields } = block;
  if (first?.type !== "tool_call" || Object.keys(fields).length === 0 || !isWritable(fields)) return;
  first.nativeFields = { dialect: "anthropic", fields: fields as JsonObject };
}
