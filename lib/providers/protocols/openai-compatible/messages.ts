import { flattenAssistant } from "#lib/chat/assistant-parts.ts";
import {
  type AssistantMessage,
  type ChatMessage,
  type ContentPart,
  contentText,
  type ReasoningPart,
} from "#lib/chat/request.ts";
import type { Marks } from "#lib/providers/protocols/openai-compatible/cache-marks.ts";
import {
  encodeContent,
  encodePart,
  encodeSystemContent,
  encodeUserContent,
} from "#lib/providers/protocols/openai-compatible/content.ts";
import { reasoningField, signatureField } from "#lib/providers/protocols/openai-compatible/reasoning-back.ts";
import { encodeToolCall } from "#lib/providers/protocols/openai-compatible/tool-calls.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";

type Encoding = { dialect: OpenAiDialect; marks: Marks; issuer: string; model: string };
type MessageContext = Encoding & { isPrefill: boolean };

/**
 * The messages in order. Tool results are text in this protocol: their images and documents follow in a user
 * message after the last result of the turn.
 */
export function encodeMessages(messages: readonly ChatMessage[], encoding: Encoding): JsonObject[] {
  const encoded: JsonObject[] = [];
  let attached: ContentPart[] = [];
  messages.forEach((message, index) => {
    encoded.push(encodeMessage(message, { ...encoding, isPrefill: isPrefill(messages, index) }));
    if (message.role !== "tool") return;
    if (Array.isArray(message.content)) {
      for (const part of message.content) if (isAttached(part, encoding.dialect)) attached.push(part);
    }
    if (attached.length === 0 || messages[index + 1]?.role === "tool") return;
    encoded.push({
      role: "user",
      content: attached.map((part) => encodePart(part, encoding.dialect.documents)),
    });
    attached = [];
  });
  return encoded;
}

/** Whether a part of a tool result is sent after it: whatever is not text. */
function isAttached(part: ContentPart, { opaqueParts }: OpenAiDialect): boolean {
  switch (part.type) {
    case "text":
      return false;
    case "image":
    case "document":
      return true;
    case "opaque":
      return opaqueParts && part.dialect === "openai";
  }
}

function encodeMessage(message: ChatMessage, context: MessageContext): JsonObject {
  const { dialect } = context;
  const name = message.role === "tool" ? undefined : message.name;
  const named: JsonObject = name !== undefined && dialect.nameField ? { name } : {};
  switch (message.role) {
    case "system": {
      const role = message.developer === true && dialect.developerRole ? "developer" : "system";
      return { role, content: encodeSystemContent(message, context.marks), ...named };
    }
    case "user":
      return { role: "user", content: encodeUserContent(message.content, context), ...named };
    case "assistant":
      return { ...encodeAssistant(message, context), ...named };
    case "tool":
      return {
        role: "tool",
        tool_call_id: message.toolCallId,
        content: contentText(message.content),
      };
  }
}

/** An assistant message at the end is the beginning of an answer, to be continued. */
function isPrefill(messages: readonly ChatMessage[], index: number): boolean {
  return index === messages.length - 1 && messages[index]?.role === "assistant";
}

/** This protocol has one field for each kind of part, so their order is lost. */
function encodeAssistant(message: AssistantMessage, context: MessageContext): JsonObject {
  const { dialect } = context;
  const { content, reasoning, toolCalls } = flattenAssistant(message);
  const hasCalls = toolCalls.length > 0;
  const encoded: JsonObject = {
    role: "assistant",
    // Only a message with tool calls may have no content.
    content: content.length === 0 && hasCalls ? null : encodeContent(content, context),
  };
  if (hasCalls) {
    encoded["tool_calls"] = toolCalls.map((call) => ({
      ...encodeToolCall(call, dialect),
      ...signatureField(call, context),
    }));
  }
  Object.assign(encoded, reasoningField({ reasoning, hasCalls }, context));
  if (dialect.reasoningField !== undefined && reasoning.length > 0) {
    const details = reasoningDetails(reasoning, context.issuer);
    // Dialects with an allow-list also restrict message fields; only open dialects accept details.
    if (details.length > 0 && dialect.fields === "all") encoded["reasoning_details"] = details;
  }
  if (context.isPrefill && dialect.prefill === "prefix") encoded["prefix"] = true;
  return encoded;
}

/** OpenRouter's details as they were received; a streamed signature gets the text that it signs. */
function reasoningDetails(items: readonly ReasoningPart[], issuer: string): JsonObject[] {
  const details: JsonObject[] = [];
  let text = "";
  for (const item of items) {
    text += item.text;
    const value = item.signature?.issuer === issuer ? item.signature.value : undefined;
    if (value === undefined || typeof value === "string") continue;
    const isBare = value["type"] === "reasoning.text" && !value["text"];
    details.push(isBare ? { ...value, text } : value);
    text = "";
  }
  return details;
}
