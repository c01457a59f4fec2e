import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type ContentPart,
  contentText,
  type ReasoningItem,
  type Tool,
  type ToolChoice,
} from "#lib/chat/request.ts";
import { type CachePlan, planPromptCache } from "#lib/providers/cache.ts";
import { closestEffort, type ModelRules, modelRules } from "#lib/providers/model-rules.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { OpenAiDialect } from "#lib/providers/providers.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

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
  writeSampling(fields, request, rules, dialect);
  writeTools(fields, request, dialect);
  const maxTokensField = rules.completionTokensOnly ? "max_completion_tokens" : dialect.maxTokensField;
  fields.write(maxTokensField, request.maxOutputTokens);
  fields.write("stop", request.stop);
  fields.write("n", request.n === 1 ? undefined : request.n);
  fields.write(dialect.seedField, request.seed, "seed");
  fields.write("response_format", encodeResponseFormat(request));
  writeEffort(fields, request, rules, dialect);
  fields.write("user", request.user);
  for (const [name, value] of Object.entries(request.extra ?? {})) {
    // What the gateway has written stands: an extra field may not change the model or the messages.
    if (Object.hasOwn(body, name)) fields.drop(name, value);
    else fields.write(name, value);
  }

  const additions: string[] = [];
  if (request.stream && fields.accepts("stream_options")) body["stream_options"] = { include_usage: true };
  if (cache.kind === "key" && body["prompt_cache_key"] === undefined) {
    body["prompt_cache_key"] = cache.key;
    additions.push("prompt_cache_key");
  }
  if (marked !== -1) additions.push("cache_control");
  return {
    path: dialect.path,
    headers: { ...engine.headers },
    body,
    dropped: fields.dropped,
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
    if (this.accepts(field)) this.#body[field] = value;
    else this.dropped.push(name);
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
  const banned = rules.sampling === "never" || (rules.sampling === "only_without_reasoning" && reasons);
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
  // Mistral rejects an empty list; nobody needs one.
  if (request.tools === undefined || request.tools.length === 0) return;
  fields.write("tools", request.tools.map(encodeTool));
  fields.write("tool_choice", encodeToolChoice(request.toolChoice, dialect));
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

function writeEffort(
  fields: FieldWriter,
  request: ChatRequest,
  rules: ModelRules,
  dialect: OpenAiDialect,
): void {
  const wanted = request.reasoningEffort;
  if (wanted === undefined) return;
  // A server that takes every field knows its own models better than our table does.
  const effort =
    dialect.fields === "all" && rules.efforts.length === 0 ? wanted : closestEffort(wanted, rules.efforts);
  if (effort === undefined) fields.drop("reasoning_effort", wanted);
  else fields.write("reasoning_effort", effort);
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
  const named: JsonObject = name !== undefined && dialect.messageFields.includes("name") ? { name } : {};
  switch (message.role) {
    case "system": {
      const role = message.developer === true && dialect.developerRole ? "developer" : "system";
      return { role, content: encodeSystemContent(message.content, context.isCacheMark), ...named };
    }
    case "user":
      return { role: "user", content: encodeContent(message.content), ...named };
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

function encodeContent(content: Content): JsonValue {
  if (typeof content === "string") return content;
  const [only] = content;
  if (content.length === 1 && only?.type === "text") return only.text;
  return content.map(encodePart);
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
    content: message.content === null ? null : encodeContent(message.content),
  };
  if (message.toolCalls !== undefined && message.toolCalls.length > 0) {
    encoded["tool_calls"] = message.toolCalls.map((call) =>
      call.custom === true
        ? {
            id: toolCallId(call.id, dialect),
            type: "custom",
            custom: { name: call.name, input: call.arguments },
          }
        : {
            id: toolCallId(call.id, dialect),
            type: "function",
            function: { name: call.name, arguments: call.arguments === "" ? "{}" : call.arguments },
          },
    );
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

/** The same id on the call and on its result, in a form that the provider takes. */
function toolCallId(id: string, dialect: OpenAiDialect): string {
  if (dialect.toolIds === "any" || /^[a-zA-Z0-9]{9}$/.test(id)) return id;
  const digest = hash32(id).toString(36) + hash32(`${id}#`).toString(36);
  return digest.padEnd(9, "0").slice(0, 9);
}
