import type { ToolCall } from "#lib/chat/request.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

export function encodeToolCall(call: ToolCall, dialect: OpenAiDialect): JsonObject {
  const { id, name, custom, arguments: text } = call;
  return custom === true
    ? { id, type: "custom", custom: { name, input: text } }
    : { id, type: "function", function: { name, arguments: sentArguments(text, dialect) } };
}

/** Arguments that are no object, which only OpenAI takes, become one of a single string. */
function sentArguments(text: string, { freeArguments }: OpenAiDialect): string {
  if (text === "") return "{}";
  const isSent = freeArguments || parseJsonObject(text) !== undefined;
  return isSent ? text : JSON.stringify({ input: text });
}
