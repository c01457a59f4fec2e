import type { ToolCall } from "#lib/chat/request.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

export function encodeToolCall(call: ToolCall, dialect: OpenAiDialect): JsonObject {
  const id = toolCallId(call.id, dialect);
  const isCustom = call.custom === true;
  if (isCustom && dialect.opaqueParts) {
    return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  }
  // The text of a custom call becomes the only argument of a function call.
  const text = isCustom ? JSON.stringify({ input: call.arguments }) : call.arguments;
  return { id, type: "function", function: { name: call.name, arguments: text === "" ? "{}" : text } };
}

const NINE_DIGITS = 36n ** 9n;

/** An id that the provider accepts; the same for a call and its result. */
export function toolCallId(id: string, dialect: OpenAiDialect): string {
  if (dialect.toolIds === "any" || /^[a-zA-Z0-9]{9}$/.test(id)) return id;
  // Two hashes with different prefixes make collisions unlikely.
  const digest = (BigInt(hash32(`a${id}`)) << 32n) | BigInt(hash32(`b${id}`));
  return (digest % NINE_DIGITS).toString(36).padStart(9, "0");
}
