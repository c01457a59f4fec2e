import type {
  AssistantMessage,
  AssistantPart,
  ContentPart,
  ReasoningPart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  WireDialect,
} from "#lib/chat/request.ts";

/** An assistant message that is only text. */
export function assistantText(text: string): AssistantMessage {
  return { role: "assistant", parts: [{ type: "text", text }] };
}

export function hasToolCalls({ parts }: AssistantMessage): boolean {
  return parts.some((part) => part.type === "tool_call");
}

/** An assistant message for engines with one field each for reasoning, content and tool calls. */
type FlatAssistantMessage = {
  /** Text, images, documents and opaque parts; a refusal is text. */
  content: ContentPart[];
  reasoning: ReasoningPart[];
  toolCalls: ToolCallPart[];
};

/**
 * The flat view of a message. Texts with reasoning or calls between them become paragraphs of one text, and
 * so does a refusal; adjacent texts stay separate parts.
 */
export function flattenAssistant({ parts }: AssistantMessage): FlatAssistantMessage {
  const flat: FlatAssistantMessage = { content: [], reasoning: [], toolCalls: [] };
  /** Whether something other than text comes between the last text and the next. */
  let isApart = false;
  for (const part of parts) {
    switch (part.type) {
      case "reasoning":
        flat.reasoning.push(part);
        isApart = true;
        break;
      case "tool_call":
        flat.toolCalls.push(part);
        isApart = true;
        break;
      case "text":
        addText(flat.content, part, isApart);
        isApart = false;
        break;
      case "refusal":
        addText(flat.content, asText(part), true);
        isApart = true;
        break;
      case "image":
      case "document":
      case "opaque":
        flat.content.push(part);
        isApart = false;
        break;
    }
  }
  return flat;
}

/** The part as text, for engines without a field for refusals. */
export function asText(part: TextPart | RefusalPart): TextPart {
  return part.type === "text" ? part : { type: "text", text: part.text };
}

function addText(content: ContentPart[], part: TextPart, isApart: boolean): void {
  const last = content.at(-1);
  // A cache breakpoint must stay at the end of its text.
  if (last?.type !== "text" || last.cacheBreakpoint !== undefined) {
    content.push(part);
  } else if (last.text === "") {
    content[content.length - 1] = part;
  } else if (!isApart) {
    content.push(part);
  } else if (part.text !== "" || part.cacheBreakpoint !== undefined) {
    content[content.length - 1] = { ...part, text: `${last.text}\n\n${part.text}` };
  }
}

/** The engine that receives a message: its issuer, and the API whose blocks it understands. */
type Recipient = { issuer: string; dialect: WireDialect | undefined };

/**
 * The parts of a message for an engine whose API keeps their order. The engine's own messages, recognised by
 * a token or a block of its API, stay unchanged, since signatures depend on the order. Of other messages it
 * gets the content and then the calls, after which some engines accept only results; foreign reasoning is
 * dropped.
 */
export function replayedParts(message: AssistantMessage, recipient: Recipient): readonly AssistantPart[] {
  if (message.parts.some((part) => isOwnPart(part, recipient))) return message.parts;
  const { content, toolCalls } = flattenAssistant(message);
  return [...content, ...toolCalls];
}

function isOwnPart(part: AssistantPart, { issuer, dialect }: Recipient): boolean {
  switch (part.type) {
    case "reasoning":
    case "tool_call":
      return part.signature?.issuer === issuer;
    case "opaque":
      return part.dialect === dialect;
    case "text":
    case "image":
    case "document":
    case "refusal":
      return false;
  }
}
