import { asText, hasToolCalls, replayedParts } from "#lib/chat/assistant-parts.ts";
import type { AssistantMessage, AssistantPart, ReasoningPart, ToolCallPart } from "#lib/chat/request.ts";
import { type Marks, marked } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { encodePart } from "#lib/providers/protocols/anthropic/content.ts";
import { toolId } from "#lib/providers/protocols/anthropic/tool-ids.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

/** The issuer whose signatures are sent back, and the kind of cache marks. */
export type BlockContext = { issuer: string; marks: Marks };

/**
 * The blocks of an assistant message. Claude's own keep their order: it rejects signatures in another place
 * ("`thinking` blocks in the latest assistant message cannot be modified").
 * @param isLast the message ends the conversation. Without tool calls it is a prefill, which must not end in
 * white space.
 */
export function encodeAssistant(
  message: AssistantMessage,
  context: BlockContext,
  isLast: boolean,
): JsonObject[] {
  const parts = replayedParts(message, { issuer: context.issuer, dialect: "anthropic" });
  const blocks = parts.flatMap((part) => encodeBlock(part, context));
  if (isLast && !hasToolCalls(message)) trimEnd(blocks);
  return blocks;
}

function encodeBlock(part: AssistantPart, { issuer, marks }: BlockContext): JsonObject[] {
  switch (part.type) {
    case "reasoning":
      return encodeThinking(part, issuer);
    case "tool_call":
      return [encodeToolUse(part, marks)];
    case "text":
    case "refusal":
      return encodePart(asText(part), marks);
    case "image":
    case "document":
    case "opaque":
      return encodePart(part, marks);
  }
}

/** Thinking is sent back only with this issuer's signature; other thinking is dropped. */
function encodeThinking({ text, signature }: ReasoningPart, issuer: string): JsonObject[] {
  if (signature?.issuer !== issuer) return [];
  const { value } = signature;
  return [typeof value === "string" ? { type: "thinking", thinking: text, signature: value } : value];
}

function encodeToolUse(call: ToolCallPart, marks: Marks): JsonObject {
  const input = parseJsonObject(call.arguments);
  const block: JsonObject = {
    type: "tool_use",
    id: toolId(call.id),
    name: call.name,
    input: input ?? (call.arguments === "" ? {} : { input: call.arguments }),
  };
  return marked(block, call.cacheBreakpoint, marks);
}

/** Trims the end of the last text block, and drops it if nothing is left. */
function trimEnd(blocks: JsonObject[]): void {
  for (let last = blocks.at(-1); last?.["type"] === "text"; last = blocks.at(-1)) {
    const text = String(last["text"]).trimEnd();
    blocks.pop();
    if (text === "") continue;
    blocks.push({ ...last, text });
    return;
  }
}
