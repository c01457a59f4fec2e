import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
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
/** A block that becomes a content part. */
type ContentBlock = Exclude<UserBlock, ToolResult>;
type SystemContent = NonNullable<MessagesBody["system"]>;

/** Claude Code's note for Anthropic's billing, which is useless to other models. */
const BILLING_NOTE = "x-anthropic-billing-header:";

/** The system prompt as the first message. */
export function readSystem(system: MessagesBody["system"]): SystemMessage[] {
  if (system === null || system === undefined || system.length === 0) return [];
  return [{ role: "system", content: readSystemContent(system) }];
}

/** Translates one message into one or more. */
export function readMessage(message: Message): ChatMessage[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: readSystemContent(message.content) }];
    case "user":
      return readUser(message.content);
    case "assistant":
      return [readAssistant(message.content)];
  }
}

function readSystemContent(content: SystemContent): Content {
  if (typeof content === "string") return content;
  return content.map((block): ContentPart => {
    if (block.type === "text" && block.text.startsWith(BILLING_NOTE)) {
      return { type: "opaque", dialect: "anthropic", value: { type: "text", text: block.text } };
    }
    return readPart(block);
  });
}

/** Tool results come first: other APIs require them directly after the calls. */
function readUser(content: UserMessage["content"]): ChatMessage[] {
  if (typeof content === "string") return [{ role: "user", content }];
  const results: ToolMessage[] = [];
  const parts: ContentPart[] = [];
  for (const block of content) {
    if (block.type === "tool_result") results.push(readResult(block));
    else parts.push(readPart(block));
  }
  if (parts.length === 0 && results.length > 0) return results;
  return [...results, { role: "user", content: parts }];
}

function readResult(block: ToolResult): ToolMessage {
  const { content } = block;
  const message: ToolMessage = {
    role: "tool",
    toolCallId: block.tool_use_id,
    content: typeof content === "string" ? content : (content ?? []).map(readPart),
    ...cacheBreakpoint(block.cache_control),
  };
  if (block.is_error != null) message.isError = block.is_error;
  return message;
}

function readPart(block: ContentBlock): ContentPart {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, ...cacheBreakpoint(block.cache_control) };
    case "image": {
      const { source } = block;
      const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
      return { type: "image", url, ...cacheBreakpoint(block.cache_control) };
    }
    case "other":
      return { type: "opaque", dialect: "anthropic", value: block.value };
  }
}

/** The blocks in their order, on which signatures depend. */
function readAssistant(content: AssistantContent): AssistantMessage {
  return typeof content === "string"
    ? assistantText(content)
    : { role: "assistant", parts: content.map(readAssistantBlock) };
}

function readAssistantBlock(block: AssistantBlock): AssistantPart {
  switch (block.type) {
    case "thinking":
      return readThinking(block.thinking, block.signature);
    case "redacted_thinking":
      return readRedacted(block.data);
    case "tool_use":
      return {
        type: "tool_call",
        id: block.id,
        name: block.name,
        arguments: JSON.stringify(block.input ?? {}),
        ...cacheBreakpoint(block.cache_control),
      };
    case "text":
    case "other":
      return readPart(block);
  }
}
