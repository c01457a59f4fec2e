import type { ChatEvent } from "#lib/chat/events.ts";
import type { NativeFields } from "#lib/chat/request.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Adds what a call says besides its name and input (`caller`) to its first event. */
export function addNative(first: ChatEvent | undefined, block: Record<string, unknown>): void {
  const { type: _type, id: _id, name: _name, input: _input, ...fields } = block;
  if (first?.type !== "tool_call" || Object.keys(fields).length === 0 || !isWritable(fields)) return;
  first.nativeFields = { dialect: "anthropic", fields: fields as JsonObject };
}

/** What an answer says at its end for the next request: the container that its code ran in, why it stopped. */
export function fieldsAtEnd(message: unknown): NativeFields | undefined {
  if (!isJsonObject(message) || !isWritable(message)) return undefined;
  const { container, stop_details } = message as JsonObject;
  const fields: JsonObject = {};
  if (isJsonObject(container)) fields["container"] = container;
  if (isJsonObject(stop_details)) fields["stop_details"] = stop_details;
  return Object.keys(fields).length === 0 ? undefined : { dialect: "anthropic", fields };
}
