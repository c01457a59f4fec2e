import type { ToolCall } from "#lib/chat/request.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export function encodeToolCall(call: ToolCall, dialect: OpenAiDialect): JsonObject {
  const { id } = call;
  const isCustom = call.custom === true;
  if (isCustom && dialect.opaqueParts) {
    return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  }
  // The text of a custom call becomes the only argument of a function call.
  const text = isCustom ? JSON.stringify({ input: call.arguments }) : call.arguments;
  return { id, type: "function", function: { name: call.name, arguments: text === "" ? "{}" : text } };
}
