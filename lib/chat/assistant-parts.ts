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

/** A message of the assistant that is nothing but text. */
export function assistantText(text: string): AssistantMessage {
  return { role: "assistant", parts: [{ type: "text", text }] };
}

export function hasToolCalls({ parts }: AssistantMessage): boolean {
  return parts.some((part) => part.type === "tool_call");
}

/** A message of the assistant for engines that know no order among what was thought, said and called. */
type FlatAssistantMessage = {
  /** Text, images and opaque parts; a refusal is text. */
  content: ContentPart[];
  reasoning: ReasoningPart[];
  toolCalls: ToolCallPart[];
};

/**
 * The flat view of a message. Texts that stood apart, with thoughts or calls between them, become
 * paragraphs of one text, and so does a refusal; texts side by side stay the parts that they are.
 */
export function flattenAssistant({ parts }: AssistantMessage): FlatAssistantMessage {
  const flat: FlatAssistantMessage = { content: [], reasoning: [], toolCalls: [] };
  /** Whether something that is no text stands between the last text and the next. */
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

/** Who gets a message back: the name in its tokens, and the API whose blocks it reads. */
type Recipient = { issuer: string; dialect: WireDialect | undefined };

/**
 * The parts in the order in which an engine that knows one gets them back. What it wrote itself stays as it
 * was, since its signatures hold for their place; it is known by a token that it issued, or by a block in
 * the words of its own API. Of what others wrote it gets the words, then the calls, behind which some
 * engines take nothing but the results; foreign reasoning says nothing to it.
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
    case "refusal":
      return false;
  }
}
