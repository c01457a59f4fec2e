import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import type { MessagesBody } from "#lib/apis/messages/schema.ts";
import { readRedacted, readThinking } from "#lib/apis/messages/thinking.ts";
import type {
  AssistantMessage,
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
/** A block that can stand in a content of ours. */
type ContentBlock = Exclude<UserBlock, ToolResult>;
type SystemContent = NonNullable<MessagesBody["system"]>;

/** A note of Claude Code's to Anthropic's billing, which says nothing to a model. */
const BILLING_NOTE = "x-anthropic-billing-header:";

/** The system prompt in front of the conversation. */
export function readSystem(system: MessagesBody["system"]): SystemMessage[] {
  if (system === null || system === undefined || system.length === 0) return [];
  return [{ role: "system", content: readSystemContent(system) }];
}

/** One message of the client's as one or more of ours. */
export function readMessage(message: Message): ChatMessage[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: readSystemContent(message.content) }];
    case "user":
      return readUser(message.content);
    case "assistant":
      return readAssistant(message.content);
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

/** Results of tools come first: other APIs want them right behind the calls. */
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

/**
 * A message of ours holds reasoning, then content, then calls. Where a model thinks again after it has
 * said something, a new message begins, so that the order stays: signatures hold for it.
 */
function readAssistant(content: AssistantContent): AssistantMessage[] {
  if (typeof content === "string") return [{ role: "assistant", content }];
  let current = new AssistantParts();
  const all = [current];
  for (const block of content) {
    const isReasoning = block.type === "thinking" || block.type === "redacted_thinking";
    if (isReasoning && current.hasContentOnly) {
      current = new AssistantParts();
      all.push(current);
    }
    current.add(block);
  }
  return all.map((parts) => parts.message());
}

class AssistantParts {
  readonly #reasoning: NonNullable<AssistantMessage["reasoning"]> = [];
  readonly #parts: ContentPart[] = [];
  readonly #calls: NonNullable<AssistantMessage["toolCalls"]> = [];

  /** Behind calls no message may begin: their results belong there. */
  get hasContentOnly(): boolean {
    return this.#parts.length > 0 && this.#calls.length === 0;
  }

  add(block: AssistantBlock): void {
    switch (block.type) {
      case "thinking":
        this.#reasoning.push(readThinking(block.thinking, block.signature));
        return;
      case "redacted_thinking":
        this.#reasoning.push(readRedacted(block.data));
        return;
      case "tool_use":
        this.#calls.push({
          id: block.id,
          name: block.name,
          arguments: JSON.stringify(block.input ?? {}),
          ...cacheBreakpoint(block.cache_control),
        });
        return;
      default:
        this.#parts.push(readPart(block));
    }
  }

  message(): AssistantMessage {
    const message: AssistantMessage = {
      role: "assistant",
      content: this.#parts.length === 0 ? null : this.#parts,
    };
    if (this.#reasoning.length > 0) message.reasoning = this.#reasoning;
    if (this.#calls.length > 0) message.toolCalls = this.#calls;
    return message;
  }
}
