import type {
  ChatMessage,
  ChatRequest,
  ContentPart,
  ResponseFormat,
  SystemMessage,
} from "#lib/chat/request.ts";

/** Asks for the format in words, for engines that cannot be bound to it. */
function instruction(format: Exclude<ResponseFormat, { type: "text" }>): string {
  const json =
    "When you give your final answer, write one JSON value and nothing else: no introduction and no code fence.";
  if (format.type === "json_object") return json;
  return `${json} It must match this JSON Schema:\n${JSON.stringify(format.schema)}`;
}

/** The request with its format as the end of the system prompt instead of a parameter. */
export function withFormatInstruction(request: ChatRequest): ChatRequest {
  const { responseFormat: format, ...rest } = request;
  if (format === undefined || format.type === "text") return request;
  const text = instruction(format);
  const [first, ...others] = request.messages;
  const messages: ChatMessage[] =
    first?.role === "system"
      ? [withText(first, text), ...others]
      : [{ role: "system", content: text }, ...request.messages];
  return { ...rest, messages };
}

function withText(message: SystemMessage, text: string): SystemMessage {
  const { content } = message;
  const parts: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return { ...message, content: [...parts, { type: "text", text }] };
}
