import type { ToolCall } from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export function encodeToolCall({ id, name, custom, arguments: text }: ToolCall): JsonObject {
  return custom === true
    ? { id, type: "custom", custom: { name, input: text } }
    : { id, type: "function", function: { name, arguments: text === "" ? "{}" : text } };
}
