import type { JsonObject } from "#lib/shared/json.ts";

/**
 * A value that only its issuer understands (a thinking signature, encrypted reasoning): it is replayed
 * to engines of the same issuer and dropped for all others.
 */
export type IssuerToken = { issuer: string; value: string | JsonObject };

/** The public API in whose words something is written that we pass on unread. */
export type WireDialect = "openai" | "anthropic";

/**
 * A stable prefix of the prompt ends here: what follows changes from request to request. `"1h"`: worth
 * keeping for an hour, where the provider sells that. `"ours"`: the gateway put it there, to be told to the
 * provider where it pays.
 */
export type CacheBreakpoint = true | "1h" | "ours";

export type TextPart = { type: "text"; text: string; cacheBreakpoint?: CacheBreakpoint };
/** `url` is a `data:` URL or an https URL. */
export type ImagePart = {
  type: "image";
  url: string;
  detail?: "auto" | "low" | "high";
  cacheBreakpoint?: CacheBreakpoint;
};
/** A part that no protocol of ours translates (audio, files, documents); only engines that speak its dialect get it. */
export type OpaquePart = { type: "opaque"; dialect: WireDialect; value: JsonObject };
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
  cacheBreakpoint?: CacheBreakpoint;
};

export type ReasoningItem = { text: string; signature?: IssuerToken };

/** What the model thought; a signature stands for this text alone, at this place. */
export type ReasoningPart = { type: "reasoning" } & ReasoningItem;
export type RefusalPart = { type: "refusal"; text: string };
export type ToolCallPart = { type: "tool_call" } & ToolCall;
export type AssistantPart = ContentPart | ReasoningPart | RefusalPart | ToolCallPart;

export type SystemMessage = { role: "system"; content: Content; developer?: boolean; name?: string };
export type UserMessage = { role: "user"; content: Content; name?: string };
/**
 * What the model said, in the order in which it said it: an issuer refuses its signatures when they come
 * back in another order. Engines that know no order get the flat view of `assistant-parts.ts`.
 */
export type AssistantMessage = { role: "assistant"; parts: AssistantPart[]; name?: string };
export type ToolMessage = {
  role: "tool";
  toolCallId: string;
  content: Content;
  /** The tool failed; providers without a word for it read so in the content. */
  isError?: boolean;
  cacheBreakpoint?: CacheBreakpoint;
};
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export type FunctionTool = {
  type: "function";
  name: string;
  description?: string;
  parameters?: JsonObject;
  strict?: boolean;
  cacheBreakpoint?: CacheBreakpoint;
};
/** A tool whose input is free text, perhaps of a grammar (OpenAI's custom tools). */
export type CustomTool = { type: "custom"; name: string; description?: string; format?: JsonObject };
/** A tool that the provider runs itself; only engines that speak its dialect get it. */
export type OpaqueTool = { type: "opaque"; dialect: WireDialect; value: JsonObject };
export type Tool = FunctionTool | CustomTool | OpaqueTool;
export type ToolChoice =
  | "auto"
  | "none"
  | "required"
  | { type: "tool"; name: string; custom?: boolean }
  /** Only these of the tools, so that the list itself stays the same for prompt caches. */
  | { type: "allowed"; names: readonly string[]; required: boolean };

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
  /** The client's API has room for one call: said where it can be, and no loss where it cannot. */
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
  /** The most tokens to think with, where the client counts them; `reasoningEffort` says as much in words. */
  reasoningBudgetTokens?: number;
  user?: string;
  /** It is megabytes long: whoever works on all of it does so in steps, and lets others have their turn. */
  isLarge?: boolean;
  /** Lets engines that can search the web do so and cite their sources. */
  webSearch?: boolean;
  /** Stable name of the conversation: its requests repeat each other, and caches like to know. */
  conversationId?: string;
  /** Further fields in the client's dialect, sent to engines that speak it and list them. */
  extra?: ExtraFields;
};

export type ExtraFields = {
  dialect: WireDialect;
  fields: JsonObject;
  /** What the translation of a field leaves out of it, by its place in the client's request. */
  details?: { "metadata.user_id"?: string; "thinking.display"?: string };
  /** Beta features that the client switches on (`anthropic-beta`), for engines of the same dialect. */
  betas?: string;
};

/** The plain text of a content, images and opaque parts left out. */
export function contentText(content: Content): string {
  return typeof content === "string" ? content : partsText(content);
}

/** The plain text of a message: what was thought, refused or called is not part of it. */
export function messageText(message: ChatMessage): string {
  return message.role === "assistant" ? partsText(message.parts) : contentText(message.content);
}

function partsText(parts: readonly AssistantPart[]): string {
  let text = "";
  for (const part of parts) if (part.type === "text") text += part.text;
  return text;
}

/** What a message consists of, in order; nothing if its content is one plain text. */
export function messageParts(message: ChatMessage): readonly AssistantPart[] {
  if (message.role === "assistant") return message.parts;
  return typeof message.content === "string" ? [] : message.content;
}

/**
 * A system prompt of several parts as one text. Parts are paragraphs of their own, unless they bring the
 * white space between them along.
 */
export function systemText(content: Content): string {
  if (typeof content === "string") return content;
  const texts: string[] = [];
  for (const part of content) {
    if (part.type !== "text" || part.text === "") continue;
    // One character is enough to see, and a pattern would look for the end through all of the text.
    const before = texts.at(-1)?.at(-1);
    if (before !== undefined && !/\s/.test(before) && !/^\s/.test(part.text)) texts.push("\n\n");
    texts.push(part.text);
  }
  return texts.join("");
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

/** The tools that may be called, and how, with a choice among allowed tools carried out on the list. */
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

/** Whether the client says itself where its prompt's stable prefixes end. */
export function hasCacheBreakpoint({ messages, tools = [] }: ChatRequest): boolean {
  return (
    tools.some((tool) => tool.type === "function" && isClients(tool.cacheBreakpoint)) ||
    messages.some(isBreakpointMessage)
  );
}

/** Whether the client says that a stable prefix ends in this message. */
export function isBreakpointMessage(message: ChatMessage): boolean {
  if (message.role === "tool" && isClients(message.cacheBreakpoint)) return true;
  return messageParts(message).some((part) => "cacheBreakpoint" in part && isClients(part.cacheBreakpoint));
}

function isClients(breakpoint: CacheBreakpoint | undefined): boolean {
  return breakpoint !== undefined && breakpoint !== "ours";
}

/** Whether some message holds a part of that kind. */
export function somePart(request: ChatRequest, matches: (part: AssistantPart) => boolean): boolean {
  return request.messages.some((message) => messageParts(message).some(matches));
}

/** Whether some message holds a part that an engine of this dialect (or of none) cannot read. */
export function hasForeignPart(request: ChatRequest, dialect: WireDialect | undefined): boolean {
  return somePart(request, (part) => part.type === "opaque" && part.dialect !== dialect);
}

export function hasImage(request: ChatRequest): boolean {
  return somePart(request, (part) => part.type === "image");
}
