import type { Capability } from "#lib/chat/capabilities.ts";
import {
  type AssistantMessage,
  type CacheBreakpoint,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type ContentPart,
  contentText,
  hasCacheBreakpoint,
  hasForeignPart,
  type ImagePart,
  isBreakpointMessage,
  offeredTools,
  type ReasoningEffort,
  type ReasoningItem,
  systemText,
  type Tool,
  type ToolCall,
} from "#lib/chat/request.ts";
import { type CachePlan, planPromptCache } from "#lib/providers/cache.ts";
import {
  bareModelName,
  closestEffort,
  type ModelRules,
  modelRules,
} from "#lib/providers/catalogue/model-rules.ts";
import { dialectOf, openAiPromptCaching } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { droppedNames, type EncodedRequest, type EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
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
  const dialect = dialectOf(engine);
  const rules = modelRules(engine.model);
  const cache: CachePlan = options.promptCache
    ? planPromptCache(request, engine, openAiPromptCaching(engine))
    : { kind: "none" };
  const marks: Marks = options.promptCache ? chooseMarks(request, engine, cache) : { kind: "none" };
  const body: JsonObject = {
    model: engine.model,
    messages: encodeMessages(request.messages, { dialect, marks, issuer: engine.issuer }),
    stream: request.stream,
  };
  const fields = new FieldWriter(body, dialect);
  if (hasForeignPart(request, dialect.opaqueParts ? "openai" : undefined)) fields.drop("messages", true);
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
  const isOpenAi = request.extra?.dialect !== "anthropic";
  for (const [name, value] of Object.entries(request.extra?.fields ?? {})) {
    if (!isOpenAi || OWN_FIELDS.has(name)) fields.drop(name, value);
    else fields.write(name, value);
  }
  for (const name of Object.keys(request.extra?.details ?? {})) fields.drop(name, true);

  const additions: string[] = [];
  if (request.stream && options.bare !== true && fields.accepts("stream_options")) {
    body["stream_options"] = { include_usage: true };
    additions.push("stream_options");
  }
  if (cache.kind === "key" && body["prompt_cache_key"] === undefined) {
    body["prompt_cache_key"] = cache.key;
    additions.push("prompt_cache_key");
  }
  if (marks.kind !== "none") additions.push("cache_control");
  return {
    path: dialect.path,
    headers: { ...engine.headers },
    body,
    dropped: droppedNames(fields.dropped),
    additions,
  };
}

/** What an engine of this dialect is known not to do. */
export function openAiLacks(capability: Capability, engine: Engine): boolean {
  const dialect = dialectOf(engine);
  const takes = (field: string): boolean => dialect.fields === "all" || dialect.fields.includes(field);
  switch (capability) {
    case "images":
      return modelRules(engine.model).textOnly;
    case "tools":
      return !takes("tools");
    case "custom_tools":
      return !dialect.opaqueParts;
    case "forced_tool_choice":
      return !takes("tool_choice");
    case "json_object":
      return !takes("response_format");
    case "json_schema":
      return (
        !takes("response_format") || dialect.jsonSchemaModels?.test(bareModelName(engine.model)) === false
      );
  }
}

/** A dialect's fields, to be looked up. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(fields: readonly string[]): ReadonlySet<string> {
  const known = sets.get(fields);
  if (known !== undefined) return known;
  const set = new Set(fields);
  sets.set(fields, set);
  return set;
}

/** Writes what the dialect allows and remembers what it does not. */
class FieldWriter {
  readonly dropped: string[] = [];
  readonly #body: JsonObject;
  readonly #allowed: ReadonlySet<string> | undefined;

  constructor(body: JsonObject, dialect: OpenAiDialect) {
    this.#body = body;
    this.#allowed = dialect.fields === "all" ? undefined : setOf(dialect.fields);
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
  const { tools: offered, choice } = offeredTools(request);
  const tools = offered.flatMap((tool) => encodeTool(tool, dialect));
  if (tools.length < offered.length) fields.drop("tools", true);
  // Mistral rejects an empty list; nobody needs one.
  if (tools.length === 0) return;
  if (fields.accepts("tool_choice")) {
    fields.write("tool_choice", encodeToolChoice(choice, dialect));
  } else {
    // Who has no tools calls none, and to call what it likes is what a model does anyway.
    if (choice === "none") return;
    if (choice !== undefined && choice !== "auto") fields.drop("tool_choice", true);
  }
  fields.write("tools", tools);
  if (request.singleToolCall === true && fields.accepts("parallel_tool_calls")) {
    fields.write("parallel_tool_calls", false);
  } else {
    fields.write("parallel_tool_calls", request.parallelToolCalls);
  }
}

/** The tool, or nothing where the dialect has none of its kind. */
function encodeTool(tool: Tool, dialect: OpenAiDialect): JsonObject[] {
  switch (tool.type) {
    case "opaque":
      return dialect.opaqueParts && tool.dialect === "openai" ? [tool.value] : [];
    case "custom": {
      if (!dialect.opaqueParts) return [];
      const custom: JsonObject = { name: tool.name };
      if (tool.description !== undefined) custom["description"] = tool.description;
      if (tool.format !== undefined) custom["format"] = tool.format;
      return [{ type: "custom", custom }];
    }
    case "function": {
      const fn: JsonObject = { name: tool.name };
      if (tool.description !== undefined) fn["description"] = tool.description;
      if (tool.parameters !== undefined) fn["parameters"] = tool.parameters;
      if (tool.strict !== undefined) fn["strict"] = tool.strict;
      return [{ type: "function", function: fn }];
    }
  }
}

function encodeToolChoice(
  choice: ReturnType<typeof offeredTools>["choice"],
  dialect: OpenAiDialect,
): JsonValue | undefined {
  if (choice === undefined) return undefined;
  if (choice === "required") return dialect.requiredToolChoice;
  if (typeof choice === "string") return choice;
  return choice.custom === true
    ? { type: "custom", custom: { name: choice.name } }
    : { type: "function", function: { name: choice.name } };
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
  const dialect = dialectOf(engine);
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

/** Where `cache_control` goes: nowhere, where the client put it, or at the end of the stable system prompt. */
type Marks = { kind: "none" } | { kind: "clients" } | { kind: "message"; message: ChatMessage };

function chooseMarks(request: ChatRequest, engine: Engine, cache: CachePlan): Marks {
  // The client knows best; on a prefix that is too short a mark does no harm.
  if (openAiPromptCaching(engine) === "breakpoints" && hasCacheBreakpoint(request))
    return { kind: "clients" };
  if (cache.kind !== "breakpoints") return { kind: "none" };
  const system = request.messages.filter(({ role }) => role === "system");
  const message =
    system.findLast(({ content }) => Array.isArray(content) && content.some(isOurMark)) ??
    system.findLast(({ content }) => contentText(content) !== "");
  return message === undefined ? { kind: "none" } : { kind: "message", message };
}

function isOurMark(part: ContentPart): boolean {
  return part.type === "text" && part.cacheBreakpoint === "ours";
}

type Encoding = { dialect: OpenAiDialect; marks: Marks; issuer: string };
type MessageContext = Encoding & { isPrefill: boolean };

/**
 * The messages in order. A tool's result is text in this protocol: images in one follow as a message of
 * the user, behind the last result of the same turn.
 */
function encodeMessages(messages: readonly ChatMessage[], encoding: Encoding): JsonObject[] {
  const encoded: JsonObject[] = [];
  let images: ImagePart[] = [];
  messages.forEach((message, index) => {
    encoded.push(encodeMessage(message, { ...encoding, isPrefill: isPrefill(messages, index) }));
    if (message.role !== "tool") return;
    if (Array.isArray(message.content)) {
      for (const part of message.content) if (part.type === "image") images.push(part);
    }
    if (images.length === 0 || messages[index + 1]?.role === "tool") return;
    encoded.push({ role: "user", content: images.map(encodePart) });
    images = [];
  });
  return encoded;
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
      return { role: "user", content: encodeContent(message.content, context), ...named };
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

function encodeSystemContent(message: ChatMessage & { role: "system" }, marks: Marks): JsonValue {
  const { content } = message;
  const isMarked = marks.kind === "clients" ? isBreakpointMessage(message) : false;
  if (!isMarked && !(marks.kind === "message" && marks.message === message)) return systemText(content);
  const parts: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (isMarked) return parts.map((part) => encodeMarkedPart(part, marks));
  const ours = parts.findLastIndex(isOurMark);
  const last = ours === -1 ? parts.findLastIndex((part) => part.type === "text" && part.text !== "") : ours;
  return parts.map((part, index) => (index === last ? withMark(encodePart(part), true) : encodePart(part)));
}

function encodeContent(content: Content, { dialect, marks }: MessageContext): JsonValue {
  if (typeof content === "string") return content;
  const parts = content.filter(
    (part) => part.type !== "opaque" || (dialect.opaqueParts && part.dialect === "openai"),
  );
  const [only] = parts;
  const isMarked = marks.kind === "clients" && only?.type === "text" && only.cacheBreakpoint !== undefined;
  if (parts.length === 1 && only?.type === "text" && !isMarked) return only.text;
  return parts.length === 0 ? "" : parts.map((part) => encodeMarkedPart(part, marks));
}

function encodeMarkedPart(part: ContentPart, marks: Marks): JsonObject {
  const encoded = encodePart(part);
  const breakpoint = part.type === "opaque" ? undefined : part.cacheBreakpoint;
  return marks.kind === "clients" && breakpoint !== undefined ? withMark(encoded, breakpoint) : encoded;
}

/** OpenRouter hands `cache_control` on content parts through to Anthropic. */
function withMark(part: JsonObject, breakpoint: CacheBreakpoint): JsonObject {
  const control: JsonObject = breakpoint === "1h" ? { type: "ephemeral", ttl: "1h" } : { type: "ephemeral" };
  return { ...part, cache_control: control };
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
    content: message.content === null ? null : encodeContent(message.content, context),
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
