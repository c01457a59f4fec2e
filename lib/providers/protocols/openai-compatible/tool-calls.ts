import type { ToolCall } from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export function encodeToolCall(call: ToolCall): JsonObject {
  const { id } = call;
  if (call.custom === true) {
    return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  }
  const text = call.arguments;
  return { id, type: "function", function: { name: call.name, arguments: text === "" ? "{}" : text } };
}
