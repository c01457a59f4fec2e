import {
  type AssistantPart,
  type ChatMessage,
  type ChatRequest,
  messageParts,
  type NativeFields,
  type OpaquePart,
  type Tool,
  type WireDialect,
} from "#lib/chat/request.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";

/** More are not named, so not looked for. */
const MAX_NAMES = 100;

/** What an engine can read of a request; `reads`: which parts of other dialects. */
type Reader = { dialect: WireDialect | undefined; reads?: (part: OpaquePart) => boolean };

/**
 * Names of what an engine cannot get of this request because it is in another API's terms: parts and tools by
 * their place and type (`messages.2.content.1 (video_url)`), fields of blocks by the type of their block
 * (`tool_use.caller`). Never their contents.
 */
export function lostNames(request: ChatRequest, reader: Reader): string[] {
  const names = new Set<string>();
  for (const tool of request.tools ?? []) addTool(names, tool, reader);
  for (const message of request.messages) {
    if (names.size >= MAX_NAMES) break;
    addMessage(names, message, reader);
  }
  return [...names];
}

function addTool(names: Set<string>, tool: Tool, { dialect }: Reader): void {
  if (tool.type === "function") addFields(names, "tools", tool.native, dialect);
  if (tool.type !== "opaque" || tool.dialect === dialect) return;
  names.add(placed(tool.path ?? "tools", tool.value));
}

function addMessage(names: Set<string>, message: ChatMessage, reader: Reader): void {
  if (message.role === "tool") addFields(names, "tool_result", message.native, reader.dialect);
  for (const part of messageParts(message)) {
    if (part.type === "opaque") {
      if (part.dialect === reader.dialect || (part.instead ?? "") !== "") continue;
      if (reader.reads?.(part) !== true) names.add(placed(part.path ?? "messages", part.value));
    } else if (part.type !== "refusal") {
      addFields(names, BLOCK_NAMES[part.type], part.native, reader.dialect);
    }
  }
}

/** The types of blocks in the API that has such fields. */
const BLOCK_NAMES: Readonly<Record<Exclude<AssistantPart["type"], "opaque" | "refusal">, string>> = {
  text: "text",
  image: "image",
  document: "document",
  reasoning: "thinking",
  tool_call: "tool_use",
};

function addFields(
  names: Set<string>,
  block: string,
  native: NativeFields | undefined,
  dialect: WireDialect | undefined,
): void {
  if (native === undefined || native.dialect === dialect) return;
  for (const [field, value] of Object.entries(native.fields)) {
    // A call of the model's own says what is so anyway.
    const saysNothing = field === "caller" && stringField(value, "type") === "direct";
    if (!saysNothing) names.add(`${block}.${field}`);
  }
}

function placed(path: string, value: JsonObject): string {
  const type = stringField(value, "type");
  return type === undefined ? path : `${path} (${type})`;
}
