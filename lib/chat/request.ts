import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/**
 * A value that only its issuer understands (a thinking signature, encrypted reasoning). It is sent back to
 * engines of the same issuer and dropped for all others.
 */
export type IssuerToken = { issuer: string; value: string | JsonObject };

/** The API whose format a value has that is passed on unread. */
export type WireDialect = "openai" | "openai-responses" | "anthropic";

/**
 * A stable prefix of the prompt ends here; what follows changes from request to request. `"1h"`: cache for an
 * hour, if the provider supports that. `"ours"`: set by the gateway, and sent if caching is worthwhile. An
 * object is the client's `cache_control` as it is, where it says more.
 */
export type CacheBreakpoint = true | "1h" | "ours" | JsonObject;

export type TextPart = {
  type: "text";
  text: string;
  cacheBreakpoint?: CacheBreakpoint;
  /** The phase of the turn to which OpenAI's model counts this text (`commentary`, `final_answer`). */
  phase?: string;
  native?: NativeFields;
};
/** Fields of a client's block or tool that only engines of its dialect understand: sent to them unchanged. */
export type NativeFields = { dialect: WireDialect; fields: JsonObject };

/** `url` is a `data:` URL or an https URL. */
export type ImagePart = {
  type: "image";
  url: string;
  detail?: "auto" | "low" | "high";
  cacheBreakpoint?: CacheBreakpoint;
  native?: NativeFields;
};
/**
 * A document. `url` is a `data:` URL in base64 or an https URL, of `mediaType` (PDF unless the client says
 * otherwise). Documents of plain text have their text instead: any engine can read it.
 */
export type DocumentPart = {
  type: "document";
  source: { kind: "url"; url: string; mediaType: string } | { kind: "text"; text: string };
  /** The name of the file, or the title. */
  name?: string;
  /** What the gateway has read of it, for engines that cannot take it. */
  reading?: string;
  /** Its place in the client's request: `messages.2.content.1`. */
  path?: string;
  cacheBreakpoint?: CacheBreakpoint;
  native?: NativeFields;
};
/** A part that is not translated; only engines of its dialect receive it. */
export type OpaquePart = {
  type: "opaque";
  dialect: WireDialect;
  value: JsonObject;
  /** Its place in the client's request, to name it where it is left out: `messages.2.content.1`. */
  path?: string;
  /** What other engines get in its place; with an empty text they may answer without it. */
  instead?: string;
};
export type ContentPart = TextPart | ImagePart | DocumentPart | OpaquePart;
export type Content = string | ContentPart[];

export type ToolCall = {
  id: string;
  name: string;
  /** The arguments as the model wrote them: JSON text, possibly invalid. */
  arguments: string;
  /** A custom (free-form) tool call: `arguments` is plain text. */
  custom?: boolean;
  signature?: IssuerToken;
  cacheBreakpoint?: CacheBreakpoint;
  native?: NativeFields;
};

export type ReasoningItem = { text: string; signature?: IssuerToken; native?: NativeFields };

/** What the model thought. A signature is valid only for this text in this place. */
export type ReasoningPart = { type: "reasoning" } & ReasoningItem;
export type RefusalPart = { type: "refusal"; text: string };
export type ToolCallPart = { type: "tool_call" } & ToolCall;
export type AssistantPart = ContentPart | ReasoningPart | RefusalPart | ToolCallPart;

export type SystemMessage = { role: "system"; content: Content; developer?: boolean; name?: string };
export type UserMessage = { role: "user"; content: Content; name?: string };
/**
 * What the model wrote, in its order: issuers reject signatures in another order. Engines whose API has no
 * order get the flat view of `assistant-parts.ts`.
 */
export type AssistantMessage = { role: "assistant"; parts: AssistantPart[]; name?: string };
export type ToolMessage = {
  role: "tool";
  toolCallId: string;
  content: Content;
  /** The tool failed. Not sent to providers without such a field. */
  isError?: boolean;
  cacheBreakpoint?: CacheBreakpoint;
  native?: NativeFields;
};
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export type FunctionTool = {
  type: "function";
  name: string;
  description?: string;
  parameters?: JsonObject;
  strict?: boolean;
  cacheBreakpoint?: CacheBreakpoint;
  native?: NativeFields;
};
/** A tool whose input is free text, possibly with a grammar (OpenAI's custom tools). */
export type CustomTool = { type: "custom"; name: string; description?: string; format?: JsonObject };
/** A tool that the provider runs itself; only engines of its dialect receive it. `path` as in `OpaquePart`. */
export type OpaqueTool = { type: "opaque"; dialect: WireDialect; value: JsonObject; path?: string };
export type Tool = FunctionTool | CustomTool | OpaqueTool;
export type ToolChoice =
  | "auto"
  | "none"
  | "required"
  | { type: "tool"; name: string; custom?: boolean }
  /** Only these of the tools may be called. Clients keep the tools unchanged for prompt caches. */
  | { type: "allowed"; names: readonly string[]; required: boolean };

export type ResponseFormat =
  | { type: "text" }
  | { type: "json_object" }
  | { type: "json_schema"; name: string; schema: JsonObject; strict?: boolean; description?: string };

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/**
 * A provider-independent chat request. Every field but `messages` and `stream` is optional; a protocol
 * translates what its engine accepts and reports what it dropped.
 */
export type ChatRequest = {
  messages: ChatMessage[];
  /** Whether to request a stream from the provider. */
  stream: boolean;
  tools?: Tool[];
  toolChoice?: ToolChoice;
  parallelToolCalls?: boolean;
  /** The client's API has room for only one call. Sent if the engine accepts it, else dropped silently. */
  singleToolCall?: boolean;
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
  /** The client's thinking budget in tokens; `reasoningEffort` is then its equivalent. */
  reasoningBudgetTokens?: number;
  user?: string;
  /** The client's last frame carries the usage, so the end of a stream waits some seconds for it. */
  awaitsUsage?: boolean;
  /** The request is megabytes long, so work on all of it must yield to the event loop. */
  isLarge?: boolean;
  /** Lets engines that can search the web do so and cite their sources. */
  webSearch?: boolean;
  /** The client's own tool for web search, in the form of OpenAI's Responses API. */
  webSearchTool?: JsonObject;
  /** Stable id of the conversation, for prompt caches. */
  conversationId?: string;
  /** Other fields in the client's dialect, for engines of the dialect that accept them. */
  extra?: ExtraFields;
};

export type ExtraFields = {
  dialect: WireDialect;
  fields: JsonObject;
  /** Fields of OpenAI's Responses API that no other API has and that change the answer little or not at all. */
  responsesFields?: JsonObject;
  /** Values that the translation of a field leaves out, by their path in the client's request. */
  details?: Readonly<Record<string, JsonValue>>;
  /** The client sets an effort without asking for thinking, which the Messages API tells apart. */
  effortAlone?: true;
  /** Beta features that the client enables (`anthropic-beta`), for engines of the same dialect. */
  betas?: string;
};

/** The plain text of the content, without images and opaque parts. */
export function contentText(content: Content): string {
  return typeof content === "string" ? content : partsText(content);
}

/** The plain text of a message, without reasoning, refusals and tool calls. */
export function messageText(message: ChatMessage): string {
  return message.role === "assistant" ? partsText(message.parts) : contentText(message.content);
}

function partsText(parts: readonly AssistantPart[]): string {
  let text = "";
  for (const part of parts) if (part.type === "text") text += part.text;
  return text;
}

/** The parts of a message, in order; empty if its content is a string. */
export function messageParts(message: ChatMessage): readonly AssistantPart[] {
  if (message.role === "assistant") return message.parts;
  return typeof message.content === "string" ? [] : message.content;
}

/** Characters of text in the request, messages and tools: the basis of every token estimate. */
export function requestCharacters(request: ChatRequest): number {
  let characters = 0;
  for (const message of request.messages) {
    characters += messageText(message).length;
    for (const part of messageParts(message)) {
      if (part.type === "tool_call") characters += part.name.length + part.arguments.length;
    }
  }
  if (request.tools !== undefined) characters += JSON.stringify(request.tools).length;
  return characters;
}

/** The tools and the tool choice to send; a choice of type `allowed` is applied to the list. */
export function offeredTools({ tools = [], toolChoice }: ChatRequest): {
  tools: readonly Tool[];
  choice: Exclude<ToolChoice, { type: "allowed" }> | undefined;
} {
  if (typeof toolChoice !== "object" || toolChoice.type !== "allowed") return { tools, choice: toolChoice };
  const allowed = new Set(toolChoice.names);
  return {
    tools: tools.filter((tool) => tool.type !== "opaque" && allowed.has(tool.name)),
    choice: toolChoice.required ? "required" : "auto",
  };
}

/** Whether any message has a part that matches. */
export function somePart(request: ChatRequest, matches: (part: AssistantPart) => boolean): boolean {
  return request.messages.some((message) => messageParts(message).some(matches));
}

export const hasImage = (request: ChatRequest): boolean => somePart(request, ({ type }) => type === "image");
