import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import { unpackCallId } from "#lib/apis/messages/call-ids.ts";
import { readPart } from "#lib/apis/messages/content-parts.ts";
import { nativeFields } from "#lib/apis/messages/native-fields.ts";
import type { MessagesBody } from "#lib/apis/messages/schema.ts";
import { readRedacted, readThinking } from "#lib/apis/messages/thinking.ts";
import { assistantText } from "#lib/chat/assistant-parts.ts";
import type {
  AssistantMessage,
  AssistantPart,
  ChatMessage,
  Content,
  ContentPart,
  SystemMessage,
  ToolMessage,
} from "#lib/chat/request.ts";

type Message = MessagesBody["messages"][number];
type UserMessage = Extract<Message, { role: "user" }>;
type AssistantContent = Extract<Message, { role: "assistant" }>["content"];
type UserBlock = Exclude<UserMessage["content"], string>[number];
type AssistantBlock = Exclude<AssistantContent, string>[number];
type ToolResult = Extract<UserBlock, { type: "tool_result" }>;
type SystemContent = NonNullable<MessagesBody["system"]>;

const RESULT_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "tool_use_id",
  "content",
  "is_error",
  "cache_control",
]);
const THINKING_FIELDS: ReadonlySet<string> = new Set(["type", "thinking", "signature"]);
const CALL_FIELDS: ReadonlySet<string> = new Set(["type", "id", "name", "input", "cache_control"]);

/** Claude Code's note for Anthropic's billing, which is useless to other models. */
const BILLING_NOTE = "x-anthropic-billing-header:";

/** The system prompt as the first message. */
export function readSystem(system: MessagesBody["system"]): SystemMessage[] {
  if (system === null || system === undefined || system.length === 0) return [];
  return [{ role: "system", content: readSystemContent(system, "system") }];
}

/** Translates one message into one or more. */
export function readMessage(message: Message, index: number): ChatMessage[] {
  const path = `messages.${index}.content`;
  switch (message.role) {
    case "system":
      return [{ role: "system", content: readSystemContent(message.content, path) }];
    case "user":
      return readUser(message.content, path);
    case "assistant":
      return [readAssistant(message.content, path)];
  }
}

function readSystemContent(content: SystemContent, path: string): Content {
  if (typeof content === "string") return content;
  return content.map((block, index): ContentPart => {
    if (block.type === "text" && block.text.startsWith(BILLING_NOTE)) {
      const value = { type: "text", text: block.text };
      return { type: "opaque", dialect: "anthropic", value, path: `${path}.${index}`, instead: "" };
    }
    return readPart(block, `${path}.${index}`);
  });
}

/** Tool results come first: other APIs require them directly after the calls. */
function readUser(content: UserMessage["content"], path: string): ChatMessage[] {
  if (typeof content === "string") return [{ role: "user", content }];
  const results: ToolMessage[] = [];
  const parts: ContentPart[] = [];
  content.forEach((block, index) => {
    if (block.type === "tool_result") results.push(readResult(block, `${path}.${index}.content`));
    else parts.push(readPart(block, `${path}.${index}`));
  });
  if (parts.length === 0 && results.length > 0) return results;
  return [...results, { role: "user", content: parts }];
}

function readResult(block: ToolResult, path: string): ToolMessage {
  const { content } = block;
  const message: ToolMessage = {
    role: "tool",
    toolCallId: unpackCallId(block.tool_use_id).id,
    content:
      typeof content === "string"
        ? content
        : (content ?? []).map((part, index) => readPart(part, `${path}.${index}`)),
    ...cacheBreakpoint(block.cache_control),
    ...nativeFields(block, RESULT_FIELDS),
  };
  if (block.is_error != null) message.isError = block.is_error;
  return message;
}

/** The blocks in their order, on which signatures depend. */
function readAssistant(content: AssistantContent, path: string): AssistantMessage {
  return typeof content === "string"
    ? assistantText(content)
    : {
        role: "assistant",
        parts: content.map((block, index) => readAssistantBlock(block, `${path}.${index}`)),
      };
}

function readAssistantBlock(block: AssistantBlock, path: string): AssistantPart {
  switch (block.type) {
    case "thinking":
      return {
        ...readThinking(block.thinking, block.signature),
        ...nativeFields(block, THINKING_FIELDS),
      };
    case "redacted_thinking":
      return readRedacted(block.data);
    case "tool_use":
      return {
        type: "tool_call",
        ...unpackCallId(block.id),
        name: block.name,
        arguments: JSON.stringify(block.input ?? {}),
        ...cacheBreakpoint(block.cache_control),
        ...nativeFields(block, CALL_FIELDS),
      };
    case "text":
    case "other":
      return readPart(block, path);
  }
}
