import type { ChatMessage, ChatRequest, SystemMessage } from "#lib/chat/request.ts";
import { type BlockContext, encodeAssistant } from "#lib/providers/protocols/anthropic/assistant-blocks.ts";
import { EPHEMERAL, type Marks, marked } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { encodeContent } from "#lib/providers/protocols/anthropic/content.ts";
import { toolId } from "#lib/providers/protocols/anthropic/tool-ids.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/**
 * The messages that make up the system prompt. Clients of this API choose the place of later system
 * messages; those of other clients all go in front.
 */
export function leadingSystem({ messages, extra }: ChatRequest): SystemMessage[] {
  const first = messages.findIndex(({ role }) => role !== "system");
  const leading = extra?.dialect === "anthropic" && first !== -1 ? messages.slice(0, first) : messages;
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
    const last = encoded.at(-1);
    if (last?.role === role) for (const block of blocks) last.content.push(block);
    else encoded.push({ role, content: blocks });
  });
  return encoded.filter((message) => message.content.length > 0);
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
        tool_use_id: toolId(message.toolCallId),
        content: encodeContent(message.content, context.marks),
      };
      if (message.isError !== undefined) result["is_error"] = message.isError;
      return [marked(result, message.cacheBreakpoint, context.marks)];
    }
  }
}
