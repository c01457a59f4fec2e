import type { JsonObject } from "#lib/shared/json.ts";

/**
 * A value that only its issuer understands (a thinking signature, encrypted reasoning): it is replayed
 * to engines of the same issuer and dropped for all others.
 */
export type IssuerToken = { issuer: string; value: string | JsonObject };

export type TextPart = {
  type: "text";
  text: string;
  /** The stable prefix of the prompt ends here: what follows changes from request to request. */
  cacheBreakpoint?: boolean;
};
/** `url` is a `data:` URL or an https URL. */
export type ImagePart = { type: "image"; url: string; detail?: "auto" | "low" | "high" };
/** A part in OpenAI's shape that no protocol of ours translates; only engines that speak it get it. */
export type OpaquePart = { type: "opaque"; value: JsonObject };
export type ContentPart = TextPart | ImagePart | OpaquePart;
export type Content = string | ContentPart[];

export type ToolCall = {
  id: string;
  name: string;
  /** The arguments as the model wrote them: JSON text, possibly invalid. */
  arguments: string;
  /** A custom (free-form) tool call: `arguments` is plain text. */
  custom?: boolean;
  signature?: IssuerToken;
};

export type ReasoningItem = { text: string; signature?: IssuerToken };

export type SystemMessage = { role: "system"; content: Content; developer?: boolean; name?: string };
export type UserMessage = { role: "user"; content: Content; name?: string };
export type AssistantMessage = {
  role: "assistant";
  content: Content | null;
  reasoning?: ReasoningItem[];
  toolCalls?: ToolCall[];
  refusal?: string;
  name?: string;
};
export type ToolMessage = { role: "tool"; toolCallId: string; content: Content };
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export type FunctionTool = {
  type: "function";
  name: string;
  description?: string;
  parameters?: JsonObject;
  strict?: boolean;
};
/** A tool that is no function (OpenAI's `custom`, hosted tools), passed on to engines that take it. */
export type OpaqueTool = { type: "opaque"; value: JsonObject };
export type Tool = FunctionTool | OpaqueTool;
export type ToolChoice = "auto" | "none" | "required" | { name: string };

export type ResponseFormat =
  | { type: "text" }
  | { type: "json_object" }
  | { type: "json_schema"; name: string; schema: JsonObject; strict?: boolean; description?: string };

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/**
 * What is asked of an engine, in no provider's shape. Every field but `messages` and `stream` may be
 * absent; a protocol translates what its engine takes and names what it dropped.
 */
export type ChatRequest = {
  messages: ChatMessage[];
  /** Whether the upstream is asked to stream. */
  stream: boolean;
  tools?: Tool[];
  toolChoice?: ToolChoice;
  parallelToolCalls?: boolean;
  temperature?: number;
  topP?: number;
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  stop?: string[];
  n?: number;
  logprobs?: boolean;
  topLogprobs?: number;
  logitBias?: JsonObject;
  /** Upper bound of generated tokens, reasoning included. */
  maxOutputTokens?: number;
  responseFormat?: ResponseFormat;
  reasoningEffort?: ReasoningEffort;
  user?: string;
  /** Lets engines that can search the web do so and cite their sources. */
  webSearch?: boolean;
  /** Stable name of the conversation: its requests repeat each other, and caches like to know. */
  conversationId?: string;
  /** Further fields in OpenAI's shape, sent to engines that list them. */
  extra?: JsonObject;
};

/** The plain text of a content, images and opaque parts left out. */
export function contentText(content: Content | null): string {
  if (content === null) return "";
  if (typeof content === "string") return content;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}

/** Characters of text in the request, messages and tools: the basis of every token estimate. */
export function requestCharacters(request: ChatRequest): number {
  let characters = 0;
  for (const message of request.messages) {
    characters += contentText(message.content).length;
    if (message.role === "assistant") {
      for (const call of message.toolCalls ?? []) characters += call.name.length + call.arguments.length;
    }
  }
  if (request.tools !== undefined) characters += JSON.stringify(request.tools).length;
  return characters;
}

/** Whether some message holds a part that only engines of OpenAI's shape may get. */
export function hasOpaquePart(request: ChatRequest): boolean {
  return request.messages.some(
    (message) => Array.isArray(message.content) && message.content.some((part) => part.type === "opaque"),
  );
}
