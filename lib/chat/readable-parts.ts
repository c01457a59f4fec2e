import { documentText } from "#lib/chat/documents.ts";
import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  Content,
  ContentPart,
  WireDialect,
} from "#lib/chat/request.ts";

/** The API of an engine, and whether it has a place for documents of plain text. */
type Reader = { dialect: WireDialect | undefined; textDocuments: boolean };

/**
 * The request as this engine can read it: documents of plain text become texts, and so do blocks of another
 * API that have a text for that. What is left of another API's parts is lost on the way. The same request if
 * there is nothing to change.
 */
export function readableRequest(request: ChatRequest, reader: Reader): ChatRequest {
  if (!request.messages.some((message) => isUnreadable(message, reader))) return request;
  return { ...request, messages: request.messages.map((message) => readableMessage(message, reader)) };
}

function isUnreadable(message: ChatMessage, reader: Reader): boolean {
  const parts = message.role === "assistant" ? message.parts : message.content;
  return typeof parts !== "string" && parts.some((part) => textOf(part, reader) !== undefined);
}

function readableMessage(message: ChatMessage, reader: Reader): ChatMessage {
  if (!isUnreadable(message, reader)) return message;
  if (message.role === "assistant") {
    return { ...message, parts: message.parts.flatMap((part) => asReadable(part, reader)) };
  }
  return { ...message, content: readableContent(message.content, reader) };
}

function readableContent(content: Content, reader: Reader): Content {
  if (typeof content === "string") return content;
  return content.flatMap((part) => asReadable(part, reader));
}

/** The part; empty if it has no text for this engine. */
function asReadable<Part extends AssistantPart>(part: Part, reader: Reader): (Part | ContentPart)[] {
  const text = textOf(part, reader);
  if (text === undefined) return [part];
  if (text === "") return [];
  const breakpoint =
    "cacheBreakpoint" in part && part.cacheBreakpoint !== undefined
      ? { cacheBreakpoint: part.cacheBreakpoint }
      : {};
  return [{ type: "text", text, ...breakpoint }];
}

/** What this engine reads in the part's place; undefined where it reads the part, or nothing of it. */
function textOf(part: AssistantPart, { dialect, textDocuments }: Reader): string | undefined {
  switch (part.type) {
    case "document":
      return textDocuments ? undefined : documentText(part);
    case "opaque":
      return part.dialect === dialect ? undefined : part.instead;
    case "text":
    case "image":
    case "reasoning":
    case "refusal":
    case "tool_call":
      return undefined;
  }
}
