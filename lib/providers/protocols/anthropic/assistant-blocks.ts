import { asText, hasToolCalls, replayedParts } from "#lib/chat/assistant-parts.ts";
import type { AssistantMessage, AssistantPart, ReasoningPart, ToolCallPart } from "#lib/chat/request.ts";
import { type Marks, marked } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { encodePart } from "#lib/providers/protocols/anthropic/content.ts";
import { nativeBlock } from "#lib/providers/protocols/anthropic/native-fields.ts";
import type { PropertyKeys } from "#lib/providers/protocols/fit/property-keys.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

export type BlockContext = {
  /** Whose signatures are sent back. */
  issuer: string;
  /**
   * Whether earlier thinking is sent back. Where thinking is off the API ignores it, except within a tool loop,
   * where it refuses it ("When thinking is disabled, … cannot contain `thinking`").
   */
  thinking: boolean;
  marks: Marks;
  /** The renamed properties of tools. */
  keys: ReadonlyMap<string, PropertyKeys>;
};

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

function encodeBlock(part: AssistantPart, { issuer, thinking, marks, keys }: BlockContext): JsonObject[] {
  switch (part.type) {
    case "reasoning":
      return thinking ? encodeThinking(part, issuer) : [];
    case "tool_call":
      return [encodeToolUse(part, marks, keys.get(part.name))];
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
function encodeThinking({ text, signature, native }: ReasoningPart, issuer: string): JsonObject[] {
  if (signature?.issuer !== issuer) return [];
  const { value } = signature;
  if (typeof value !== "string") return [value];
  return [{ type: "thinking", thinking: text, signature: value, ...nativeBlock(native) }];
}

function encodeToolUse(call: ToolCallPart, marks: Marks, keys: PropertyKeys | undefined): JsonObject {
  const written = parseJsonObject(call.arguments);
  const input = keys === undefined ? written : keys.sentArguments(written);
  const block: JsonObject = {
    type: "tool_use",
    id: call.id,
    name: call.name,
    input: input ?? (call.arguments === "" ? {} : { input: call.arguments }),
    ...nativeBlock(call.native),
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
