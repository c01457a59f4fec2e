import type {
  AssistantMessage,
  AssistantPart,
  ContentPart,
  ReasoningPart,
  RefusalPart,
  TextPart,
  ToolCallPart,
} from "#lib/chat/request.ts";

/** A message of the assistant that is nothing but text. */
export function assistantText(text: string): AssistantMessage {
  return { role: "assistant", parts: [{ type: "text", text }] };
}

export function toolCallsOf({ parts }: AssistantMessage): ToolCallPart[] {
  return parts.filter((part) => part.type === "tool_call");
}

export function hasToolCalls({ parts }: AssistantMessage): boolean {
  return parts.some((part) => part.type === "tool_call");
}

/** A message of the assistant for engines that know no order among what was thought, said and called. */
export type FlatAssistantMessage = {
  /** Text, images and opaque parts; a refusal is text. */
  content: ContentPart[];
  reasoning: ReasoningPart[];
  toolCalls: ToolCallPart[];
};

/**
 * The flat view of a message. Texts that stood apart, with thoughts or calls between them, become
 * paragraphs of one text; texts side by side stay the parts that they are.
 */
export function flattenAssistant({ parts }: AssistantMessage): FlatAssistantMessage {
  const flat: FlatAssistantMessage = { content: [], reasoning: [], toolCalls: [] };
  /** Something that is no content stands between the last content and what comes. */
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
      case "refusal":
        addText(flat.content, asText(part), isApart);
        isApart = false;
        break;
      case "image":
      case "opaque":
        flat.content.push(part);
        isApart = false;
        break;
    }
  }
  return flat;
}

/** A refusal as the text that it is for engines without a word for it. */
export function asText(part: TextPart | RefusalPart): TextPart {
  return part.type === "text" ? part : { type: "text", text: part.text };
}

function addText(content: ContentPart[], part: TextPart, isApart: boolean): void {
  const last = content.at(-1);
  // A mark says that the text ends there: what follows is no part of it.
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

/**
 * Whether an engine of this provider wrote the message, so that it wants it back in the very order: the
 * message holds a token that the provider issued, or a block in the words of its own API.
 */
export function isWrittenBy(
  { parts }: AssistantMessage,
  provider: { issuer: string; dialect: "openai" | "anthropic" | undefined },
): boolean {
  return parts.some((part) => isOwnPart(part, provider));
}

function isOwnPart(part: AssistantPart, { issuer, dialect }: Parameters<typeof isWrittenBy>[1]): boolean {
  switch (part.type) {
    case "reasoning":
    case "tool_call":
      return part.signature?.issuer === issuer;
    case "opaque":
      return part.dialect === dialect;
    case "text":
    case "image":
    case "refusal":
      return false;
  }
}
