import { documentCapability } from "#lib/chat/capabilities.ts";
import {
  type AssistantPart,
  type ChatMessage,
  type ChatRequest,
  type DocumentPart,
  messageParts,
} from "#lib/chat/request.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** Whether an engine takes a document itself. Any takes plain text. */
export function takesDocument(engine: Engine, part: DocumentPart): boolean {
  const capability = documentCapability(part);
  return capability === undefined || hasCapability(engine, capability);
}

/**
 * The request for an engine: in the place of each document that it cannot take is the text that was read of it. The
 * same request if there is none.
 */
export function withReadDocuments(request: ChatRequest, engine: Engine): ChatRequest {
  const isReplaced = (part: AssistantPart): part is DocumentPart & { reading: string } =>
    part.type === "document" && part.reading !== undefined && !takesDocument(engine, part);
  if (!request.messages.some((message) => messageParts(message).some(isReplaced))) return request;
  const asText = <Part extends AssistantPart>(part: Part): Part | DocumentPart => {
    if (!isReplaced(part)) return part;
    const { reading, ...document }: DocumentPart = part;
    return { ...document, source: { kind: "text", text: reading ?? "" } };
  };
  const messages = request.messages.map((message): ChatMessage => {
    if (message.role === "assistant") return { ...message, parts: message.parts.map(asText) };
    return typeof message.content === "string"
      ? message
      : { ...message, content: message.content.map(asText) };
  });
  return { ...request, messages };
}
