import type { ChatMessage, ChatRequest, SystemMessage } from "#lib/chat/request.ts";
import { type BlockContext, encodeAssistant } from "#lib/providers/protocols/anthropic/assistant-blocks.ts";
import { EPHEMERAL, type Marks, marked } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { encodeContent } from "#lib/providers/protocols/anthropic/content.ts";
import { nativeBlock } from "#lib/providers/protocols/anthropic/native-fields.ts";
import { arrayField, type JsonObject } from "#lib/shared/json.ts";

const NO_REASON = "The tool failed without a message.";

/** The messages that make up the system prompt: those at the head. */
export function leadingSystem({ messages }: ChatRequest): SystemMessage[] {
  const first = messages.findIndex(({ role }) => role !== "system");
  const leading = first === -1 ? messages : messages.slice(0, first);
  return leading.flatMap((message) => (message.role === "system" ? [message] : []));
}

/** The system prompt as blocks. */
export function encodeSystem(messages: readonly SystemMessage[], marks: Marks): JsonObject[] {
  const blocks = messages.flatMap(({ content }) =>
    encodeContent(
      typeof content === "string"
        ? content
        : content.filter(({ type }) => type !== "image" && type !== "document"),
      marks,
    ),
  );
  const last = blocks.at(-1);
  const isMarked = blocks.some((block) => block["cache_control"] !== undefined);
  if (marks === "ours" && !isMarked && last !== undefined) last["cache_control"] = EPHEMERAL;
  return blocks;
}

/** Adjacent messages of one role are merged, and tool results become user messages, as the API requires. */
export function encodeMessages(request: ChatRequest, context: BlockContext): JsonObject[] {
  const { messages } = request;
  const leading = new Set<ChatMessage>(leadingSystem(request));
  const encoded: { role: "user" | "assistant" | "system"; content: JsonObject[] }[] = [];
  messages.forEach((message, index) => {
    if (leading.has(message)) return;
    const role = message.role === "tool" ? "user" : message.role;
    const blocks = encodeBlocks(message, context, index === messages.length - 1);
    if (blocks.length === 0) return;
    const last = encoded.at(-1);
    if (last?.role === role) for (const block of blocks) last.content.push(block);
    else encoded.push({ role, content: blocks });
  });
  return encoded;
}

function encodeBlocks(message: ChatMessage, context: BlockContext, isLast: boolean): JsonObject[] {
  switch (message.role) {
    case "system":
    case "user":
      return encodeContent(message.content, context.marks);
    case "assistant":
      return encodeAssistant(message, context, isLast);
    case "tool": {
      const result: JsonObject = {
        type: "tool_result",
        tool_use_id: message.toolCallId,
        content: encodeContent(message.content, context.marks),
        ...nativeBlock(message.native),
      };
      // "content cannot be empty if `is_error` is true"
      if (message.isError === true && arrayField(result, "content").length === 0)
        result["content"] = NO_REASON;
      if (message.isError !== undefined) result["is_error"] = message.isError;
      return [marked(result, message.cacheBreakpoint, context.marks)];
    }
  }
}
