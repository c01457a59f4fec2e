import type {
  AssistantMessage,
  AssistantPart,
  ChatMessage,
  Content,
  ContentPart,
  UserMessage,
  WireDialect,
} from "#lib/chat/request.ts";

/** Whether an API gets the part. */
export type IsSent = (part: AssistantPart) => boolean;

/**
 * Whether an assistant's message says nothing: no text, call, image or part of this dialect. Some hosts refuse
 * one that has only reasoning.
 */
function isSilent({ parts }: AssistantMessage, dialect: WireDialect | undefined): boolean {
  return parts.every((part) => {
    switch (part.type) {
      case "text":
      case "refusal":
        return part.text === "";
      case "reasoning":
        return true;
      case "opaque":
        return part.dialect !== dialect;
      case "image":
      case "document":
      case "tool_call":
        return false;
    }
  });
}

/** The messages without those of the assistant that say nothing. The same array if there are none. */
export function withoutSilence(
  messages: readonly ChatMessage[],
  dialect: WireDialect | undefined,
): readonly ChatMessage[] {
  const speaks = (message: ChatMessage): boolean =>
    message.role !== "assistant" || !isSilent(message, dialect);
  return messages.every(speaks) ? messages : messages.filter(speaks);
}

/** Whether the text shows nothing. Looks no further than its first character that does. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

/**
 * The messages without the parts that are not sent, and without messages that have nothing else; a tool's
 * result may be empty. The same array if everything is sent.
 */
export function withSentParts(messages: readonly ChatMessage[], isSent: IsSent): readonly ChatMessage[] {
  if (messages.every((message) => isWhole(message, isSent))) return messages;
  return messages.flatMap((message): ChatMessage[] => {
    if (isWhole(message, isSent)) return [message];
    if (message.role === "assistant") {
      const parts = message.parts.filter(isSent);
      return parts.length === 0 ? [] : [{ ...message, parts }];
    }
    const content = sentContent(message.content, isSent);
    return content.length === 0 && message.role !== "tool" ? [] : [{ ...message, content }];
  });
}

function isWhole(message: ChatMessage, isSent: IsSent): boolean {
  const content = message.role === "assistant" ? message.parts : message.content;
  if (typeof content === "string") return isEmptyResult(message) || isSent({ type: "text", text: content });
  if (content.length > 0) return content.every(isSent);
  return isEmptyResult(message) || isSent({ type: "text", text: "" });
}

function isEmptyResult({ role, ...message }: ChatMessage): boolean {
  return role === "tool" && "content" in message && message.content.length === 0;
}

function sentContent(content: Content, isSent: IsSent): Content {
  if (typeof content === "string") return isSent({ type: "text", text: content }) ? content : "";
  return content.filter((part: ContentPart) => isSent(part));
}

/** The user's text where an API needs one and the client sent none. */
export const BEGIN_TEXT = "Begin.";
const BEGIN: UserMessage = { role: "user", content: BEGIN_TEXT };
/** For APIs that cannot continue a message of the assistant. */
const CONTINUE: UserMessage = {
  role: "user",
  content: "Continue from exactly where your last message ends, without repeating any of it.",
};

/** Whether an API needs a user's message before the assistant's, or at least one beside the system's. */
export type FirstMessage = "user" | "any" | "not_needed";

/** The messages with a user's message at the beginning, if the API needs one. */
export function withBeginning(messages: readonly ChatMessage[], first: FirstMessage): readonly ChatMessage[] {
  if (first === "not_needed") return messages;
  const at = messages.findIndex(({ role }) => role !== "system");
  const isThere =
    first === "any"
      ? messages.some(({ role }) => role === "user")
      : at !== -1 && messages[at]?.role !== "assistant";
  if (isThere) return messages;
  const head = at === -1 ? messages.length : at;
  return [...messages.slice(0, head), BEGIN, ...messages.slice(head)];
}

/** The messages with a request to go on, if the assistant's comes last. */
export function withEnd(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.at(-1)?.role === "assistant" ? [...messages, CONTINUE] : messages;
}
