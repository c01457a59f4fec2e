import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type ContentPart,
  contentText,
  hasOpaquePart,
  type ReasoningEffort,
  type ReasoningItem,
  type Tool,
  type ToolCall,
  type ToolChoice,
} from "#lib/chat/request.ts";
import { type CachePlan, planPromptCache } from "#lib/providers/cache.ts";
import { bareModelName, closestEffort, type ModelRules, modelRules } from "#lib/providers/model-rules.ts";
import { droppedNames, type EncodedRequest, type EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { OpenAiDialect } from "#lib/providers/providers.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

/** Fields that the request says by itself, or that the gateway decides: an extra field may not be one. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "temperature",
  "top_p",
  "top_k",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "random_seed",
  "stop",
  "n",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "max_tokens",
  "max_completion_tokens",
  "response_format",
  "reasoning_effort",
  "user",
]);

/** A chat request as the body of `POST …/chat/completions`, in this provider's dialect. */
export function encodeOpenAi(request: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest {
  const { dialect } = engine.provider;
  const rules = modelRules(engine.model);
  const cache: CachePlan = options.promptCache ? planPromptCache(request, engine) : { kind: "none" };
  const marked = cache.kind === "breakpoints" ? lastStableMessage(request.messages) : -1;
  const body: JsonObject = {
    model: engine.model,
    messages: request.messages.map((message, index) =>
      encodeMessage(message, {
        dialect,
        isCacheMark: index === marked,
        isPrefill: isPrefill(request.messages, index),
        issuer: engine.provider.id,
      }),
    ),
    stream: request.stream,
  };
  const fields = new FieldWriter(body, dialect);
  if (!dialect.opaqueParts && hasOpaquePart(request)) fields.drop("messages", true);
  writeSampling(fields, request, rules, dialect);
  writeTools(fields, request, dialect);
  const maxTokensField = rules.completionTokensOnly ? "max_completion_tokens" : dialect.maxTokensField;
  fields.write(maxTokensField, request.maxOutputTokens);
  fields.write("stop", request.stop);
  fields.write("n", request.n === 1 ? undefined : request.n);
  fields.write(dialect.seedField, request.seed, "seed");
  fields.write("response_format", encodeResponseFormat(request));
  writeEffort(fields, request, engine, rules);
  fields.write("user", request.user);
  for (const [name, value] of Object.entries(request.extra ?? {})) {
    if (OWN_FIELDS.has(name)) fields.drop(name, value);
    else fields.write(name, value);
  }

  const additions: string[] = [];
  if (request.stream && options.bare !== true && fields.accepts("stream_options")) {
    body["stream_options"] = { include_usage: true };
    additions.push("stream_options");
  }
  if (cache.kind === "key" && body["prompt_cache_key"] === undefined) {
    body["prompt_cache_key"] = cache.key;
    additions.push("prompt_cache_key");
  }
  if (marked !== -1) additions.push("cache_control");
  return {
    path: dialect.path,
    headers: { ...engine.headers },
    body,
    dropped: droppedNames(fields.dropped),
    additions,
  };
}

/** Writes what the dialect allows and remembers what it does not. */
class FieldWriter {
  readonly dropped: string[] = [];
  readonly #body: JsonObject;
  readonly #allowed: ReadonlySet<string> | undefined;

  constructor(body: JsonObject, dialect: OpenAiDialect) {
    this.#body = body;
    this.#allowed = dialect.fields === "all" ? undefined : new Set(dialect.fields);
  }

  accepts(field: string): boolean {
    return this.#allowed?.has(field) ?? true;
  }

  /** `name`: what the client calls the field, where the dialect calls it something else. */
  write(field: string, value: JsonValue | undefined, name: string = field): void {
    if (value === undefined) return;
    if (!this.accepts(field)) {
      this.dropped.push(name);
      return;
    }
    // Clients choose some of the names, and assigning to `__proto__` would be no field.
    Object.defineProperty(this.#body, field, { value, enumerable: true, writable: true, configurable: true });
  }

  drop(name: string, value: JsonValue | undefined): void {
    if (value !== undefined) this.dropped.push(name);
  }
}

function writeSampling(
  fields: FieldWriter,
  request: ChatRequest,
  rules: ModelRules,
  dialect: OpenAiDialect,
): void {
  const reasons = request.reasoningEffort !== undefined && request.reasoningEffort !== "none";
  const banned =
    rules.sampling === "never" ||
    (rules.sampling === "only_without_reasoning" && reasons) ||
    (rules.sampling === "only_with_effort_none" && request.reasoningEffort !== "none");
  const { temperature } = request;
  const values: [string, JsonValue | undefined][] = [
    [
      "temperature",
      temperature === undefined ? undefined : Math.min(temperature, dialect.highestTemperature),
    ],
    ["top_p", request.topP],
    ["frequency_penalty", request.frequencyPenalty],
    ["presence_penalty", request.presencePenalty],
    ["logit_bias", request.logitBias],
    ["logprobs", request.logprobs],
    ["top_logprobs", request.topLogprobs],
    ["top_k", request.topK],
  ];
  for (const [name, value] of values) {
    if (banned) fields.drop(name, value);
    else fields.write(name, value);
  }
}

function writeTools(fields: FieldWriter, request: ChatRequest, dialect: OpenAiDialect): void {
  const tools = (request.tools ?? []).filter((tool) => tool.type === "function" || dialect.opaqueParts);
  if (tools.length < (request.tools ?? []).length) fields.drop("tools", true);
  // Mistral rejects an empty list; nobody needs one.
  if (tools.length === 0) return;
  const choice = request.toolChoice;
  if (fields.accepts("tool_choice")) {
    fields.write("tool_choice", encodeToolChoice(choice, dialect));
  } else {
    // Who has no tools calls none, and to call what it likes is what a model does anyway.
    if (choice === "none") return;
    if (choice !== "auto") fields.drop("tool_choice", choice);
  }
  fields.write("tools", tools.map(encodeTool));
  fields.write("parallel_tool_calls", request.parallelToolCalls);
}

function encodeTool(tool: Tool): JsonObject {
  if (tool.type === "opaque") return tool.value;
  const fn: JsonObject = { name: tool.name };
  if (tool.description !== undefined) fn["description"] = tool.description;
  if (tool.parameters !== undefined) fn["parameters"] = tool.parameters;
  if (tool.strict !== undefined) fn["strict"] = tool.strict;
  return { type: "function", function: fn };
}

function encodeToolChoice(choice: ToolChoice | undefined, dialect: OpenAiDialect): JsonValue | undefined {
  if (choice === undefined) return undefined;
  if (choice === "required") return dialect.requiredToolChoice;
  if (typeof choice === "string") return choice;
  return { type: "function", function: { name: choice.name } };
}

function encodeResponseFormat(request: ChatRequest): JsonObject | undefined {
  const format = request.responseFormat;
  if (format === undefined) return undefined;
  if (format.type !== "json_schema") return { type: format.type };
  const schema: JsonObject = { name: format.name, schema: format.schema };
  if (format.strict !== undefined) schema["strict"] = format.strict;
  if (format.description !== undefined) schema["description"] = format.description;
  return { type: "json_schema", json_schema: schema };
}

function writeEffort(fields: FieldWriter, request: ChatRequest, engine: Engine, rules: ModelRules): void {
  const wanted = request.reasoningEffort;
  if (wanted === undefined) return;
  const effort = acceptedEffort(wanted, engine, rules);
  if (effort === undefined) fields.drop("reasoning_effort", wanted);
  else fields.write("reasoning_effort", effort);
}

function acceptedEffort(wanted: ReasoningEffort, engine: Engine, rules: ModelRules): string | undefined {
  const { dialect } = engine.provider;
  if (dialect.effortSwitch?.test(bareModelName(engine.model)) === true) {
    return wanted === "none" ? "none" : "default";
  }
  // A server that takes every field knows its own models better than our table does.
  if (dialect.fields === "all" && (rules.efforts ?? []).length === 0) return wanted;
  return closestEffort(wanted, rules.efforts ?? dialect.efforts);
}

/** A last message of the assistant is a beginning to be continued. */
function isPrefill(messages: readonly ChatMessage[], index: number): boolean {
  return index === messages.length - 1 && messages[index]?.role === "assistant";
}

/** The system message that ends the stable prefix; -1 when there is none. */
function lastStableMessage(messages: readonly ChatMessage[]): number {
  const explicit = messages.findLastIndex(
    ({ role, content }) =>
      role === "system" &&
      Array.isArray(content) &&
      content.some((part) => part.type === "text" && part.cacheBreakpoint === true),
  );
  if (explicit !== -1) return explicit;
  return messages.findLastIndex(({ role, content }) => role === "system" && contentText(content) !== "");
}

type MessageContext = { dialect: OpenAiDialect; isCacheMark: boolean; isPrefill: boolean; issuer: string };

function encodeMessage(message: ChatMessage, context: MessageContext): JsonObject {
  const { dialect } = context;
  const name = message.role === "tool" ? undefined : message.name;
  const named: JsonObject = name !== undefined && dialect.nameField ? { name } : {};
  switch (message.role) {
    case "system": {
      const role = message.developer === true && dialect.developerRole ? "developer" : "system";
      return { role, content: encodeSystemContent(message.content, context.isCacheMark), ...named };
    }
    case "user":
      return { role: "user", content: encodeContent(message.content, dialect), ...named };
    case "assistant":
      return { ...encodeAssistant(message, context), ...named };
    case "tool":
      return {
        role: "tool",
        tool_call_id: toolCallId(message.toolCallId, dialect),
        content: contentText(message.content),
      };
  }
}

function encodeSystemContent(content: Content, isCacheMark: boolean): JsonValue {
  if (!isCacheMark) return contentText(content);
  // OpenRouter hands `cache_control` on content parts through to Anthropic.
  const parts: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const marked = parts.findLastIndex((part) => part.type === "text" && part.cacheBreakpoint === true);
  const last =
    marked === -1 ? parts.findLastIndex((part) => part.type === "text" && part.text !== "") : marked;
  return parts.map((part, index) =>
    index === last ? { ...encodePart(part), cache_control: { type: "ephemeral" } } : encodePart(part),
  );
}

function encodeContent(content: Content, dialect: OpenAiDialect): JsonValue {
  if (typeof content === "string") return content;
  const parts = content.filter((part) => part.type !== "opaque" || dialect.opaqueParts);
  const [only] = parts;
  if (parts.length === 1 && only?.type === "text") return only.text;
  return parts.length === 0 ? "" : parts.map(encodePart);
}

function encodePart(part: ContentPart): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return {
        type: "image_url",
        image_url: part.detail === undefined ? { url: part.url } : { url: part.url, detail: part.detail },
      };
    case "opaque":
      return part.value;
  }
}

function encodeAssistant(message: AssistantMessage, context: MessageContext): JsonObject {
  const { dialect } = context;
  const encoded: JsonObject = {
    role: "assistant",
    content: message.content === null ? null : encodeContent(message.content, dialect),
  };
  if (message.toolCalls !== undefined && message.toolCalls.length > 0) {
    encoded["tool_calls"] = message.toolCalls.map((call) => encodeToolCall(call, dialect));
  } else if (message.content === null) {
    // Only a message with tool calls may have no content.
    encoded["content"] = message.refusal ?? "";
  }
  if (dialect.reasoningField !== undefined && message.reasoning !== undefined) {
    const text = message.reasoning.map((item) => item.text).join("");
    if (text !== "") encoded[dialect.reasoningField] = text;
    const details = reasoningDetails(message.reasoning, context.issuer);
    // An allow-list of fields goes with one of message fields; only an open dialect takes details.
    if (details.length > 0 && dialect.fields === "all") encoded["reasoning_details"] = details;
  }
  if (context.isPrefill && dialect.prefill === "prefix") encoded["prefix"] = true;
  return encoded;
}

function encodeToolCall(call: ToolCall, dialect: OpenAiDialect): JsonObject {
  const id = toolCallId(call.id, dialect);
  const isCustom = call.custom === true;
  if (isCustom && dialect.opaqueParts) {
    return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  }
  // The text of a custom call becomes the one argument of a function's.
  const text = isCustom ? JSON.stringify({ input: call.arguments }) : call.arguments;
  return { id, type: "function", function: { name: call.name, arguments: text === "" ? "{}" : text } };
}

/** OpenRouter's details as they came; a streamed signature gets back the text that it signs. */
function reasoningDetails(items: readonly ReasoningItem[], issuer: string): JsonObject[] {
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

const NINE_DIGITS = 36n ** 9n;

/** The same id on the call and on its result, in a form that the provider takes. */
function toolCallId(id: string, dialect: OpenAiDialect): string {
  if (dialect.toolIds === "any" || /^[a-zA-Z0-9]{9}$/.test(id)) return id;
  // Two hashes of different beginnings: texts that one of them confuses, the other tells apart.
  const digest = (BigInt(hash32(`a${id}`)) << 32n) | BigInt(hash32(`b${id}`));
  return (digest % NINE_DIGITS).toString(36).padStart(9, "0");
}
