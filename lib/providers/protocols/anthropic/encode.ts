import type { Capability } from "#lib/chat/capabilities.ts";
import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type ExtraFields,
  hasCacheBreakpoint,
  hasForeignPart,
  offeredTools,
  type SystemMessage,
  type Tool,
} from "#lib/chat/request.ts";
import { planPromptCache } from "#lib/providers/cache.ts";
import { type ClaudeRules, claudeRules, closestEffort } from "#lib/providers/catalogue/model-rules.ts";
import {
  EPHEMERAL,
  limitMarks,
  type Marks,
  marked,
  withoutMark,
} from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { parseDataUrl } from "#lib/providers/protocols/data-url.ts";
import { droppedNames, type EncodedRequest, type EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { isJsonObject, type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";
import { hash32 } from "#lib/shared/text.ts";

export const ANTHROPIC_HEADERS: Readonly<Record<string, string>> = { "anthropic-version": "2023-06-01" };

const THINKING_BUDGETS = { low: 1_024, medium: 4_096, high: 16_384 } as const;
/** A smaller budget is refused. */
const LEAST_BUDGET = 1_024;
/** Fields of the Messages API that nothing of ours stands for; what is not listed would be refused. */
const EXTRA_FIELDS: ReadonlySet<string> = new Set([
  "cache_control",
  "container",
  "context_management",
  "inference_geo",
  "mcp_servers",
  "service_tier",
  "speed",
]);

/** A chat request as the body of `POST /v1/messages`. */
export function encodeAnthropic(
  request: ChatRequest,
  engine: Engine,
  options: EncodeOptions,
): EncodedRequest {
  const rules = claudeRules(engine.model);
  const marks = chooseMarks(request, engine, options);
  const dropped: string[] = [];
  const body: JsonObject = {
    model: engine.model,
    max_tokens: request.maxOutputTokens ?? rules.maxTokens,
    messages: encodeMessages(request, { issuer: engine.issuer, marks }),
    stream: request.stream,
  };
  const system = encodeSystem(leadingSystem(request), marks);
  if (system.length > 0) body["system"] = system;
  if (hasForeignPart(request, "anthropic")) dropped.push("messages");
  writeTools(body, request, rules, marks, dropped);
  const thinking = writeThinking(body, request, engine, rules, dropped);
  const thinks = thinking === "asked";
  if (thinking !== "off" && request.maxOutputTokens === undefined) {
    body["max_tokens"] = rules.thinkingMaxTokens;
  }
  writeSampling(body, request, rules, thinks, dropped);
  writeFormat(body, request, dropped);
  const stop = request.stop?.filter((sequence) => sequence.trim() !== "");
  if (stop !== undefined && stop.length > 0) body["stop_sequences"] = stop;
  if (stop?.length !== request.stop?.length) dropped.push("stop");
  const user = nativeDetails(request)["metadata.user_id"] ?? request.user;
  if (user !== undefined) body["metadata"] = { user_id: user };
  for (const [name, value] of untranslatable(request)) if (value !== undefined) dropped.push(name);
  writeExtra(body, request, dropped);
  limitMarks(body);
  const betas = request.extra?.dialect === "anthropic" ? request.extra.betas : undefined;
  return {
    path: "/v1/messages",
    headers: {
      ...ANTHROPIC_HEADERS,
      ...engine.headers,
      ...(betas === undefined ? {} : { "anthropic-beta": betas }),
    },
    body,
    dropped: droppedNames(dropped),
    additions: marks === "none" ? [] : ["cache_control"],
  };
}

/** What a Claude is known not to do. */
export function anthropicLacks(capability: Capability, engine: Engine): boolean {
  switch (capability) {
    case "custom_tools":
    case "json_object":
      return true;
    case "json_schema":
      return !claudeRules(engine.model).jsonSchema;
    case "forced_tool_choice":
      return !claudeRules(engine.model).forcedToolChoice;
    case "images":
    case "tools":
      return false;
  }
}

function chooseMarks(request: ChatRequest, engine: Engine, options: EncodeOptions): Marks {
  if (!options.promptCache) return "none";
  // The client knows best; on a prefix that is too short a mark does no harm.
  if (isMarkedByClient(request)) return "clients";
  return planPromptCache(request, engine, "breakpoints").kind === "breakpoints" ? "ours" : "none";
}

/** Whether the client marks something itself, be it inside of what only Anthropic reads. */
function isMarkedByClient(request: ChatRequest): boolean {
  const hasMark = ({ value }: { value: JsonObject }): boolean => isJsonObject(value["cache_control"]);
  return (
    hasCacheBreakpoint(request) ||
    nativeField(request, "cache_control") !== undefined ||
    (request.tools ?? []).some((tool) => tool.type === "opaque" && hasMark(tool)) ||
    request.messages.some(
      ({ content }) =>
        Array.isArray(content) && content.some((part) => part.type === "opaque" && hasMark(part)),
    )
  );
}

/** A further field of a client that speaks this API. */
function nativeField({ extra }: ChatRequest, name: string): JsonValue | undefined {
  return extra?.dialect === "anthropic" ? extra.fields[name] : undefined;
}

/** What such a client says beyond what is translated. */
function nativeDetails({ extra }: ChatRequest): NonNullable<ExtraFields["details"]> {
  return extra?.dialect === "anthropic" ? (extra.details ?? {}) : {};
}

function writeExtra(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const { dialect, fields = {} } = request.extra ?? {};
  for (const [name, value] of Object.entries(fields)) {
    const sent = name === "context_management" ? withoutNeedlessClearing(value, body["thinking"]) : value;
    if (dialect !== "anthropic" || !EXTRA_FIELDS.has(name)) dropped.push(name);
    else if (sent === undefined) dropped.push(name);
    else body[name] = sent;
  }
}

/** To clear thinking away is refused where the model does not think. */
function withoutNeedlessClearing(
  management: JsonValue | undefined,
  thinking: JsonValue | undefined,
): JsonValue | undefined {
  if (isThinking(thinking) || !isJsonObject(management) || !Array.isArray(management["edits"])) {
    return management;
  }
  const edits = management["edits"].filter(
    (edit) => stringField(edit, "type")?.startsWith("clear_thinking") !== true,
  );
  return edits.length === 0 ? undefined : { ...(management as JsonObject), edits: edits as JsonValue[] };
}

function isThinking(thinking: JsonValue | undefined): boolean {
  return isJsonObject(thinking) && thinking["type"] !== "disabled";
}

function untranslatable(request: ChatRequest): [string, unknown][] {
  return [
    ["frequency_penalty", request.frequencyPenalty],
    ["presence_penalty", request.presencePenalty],
    ["seed", request.seed],
    ["n", request.n === 1 ? undefined : request.n],
    ["logprobs", request.logprobs],
    ["top_logprobs", request.topLogprobs],
    ["logit_bias", request.logitBias],
  ];
}

/**
 * The messages that make up the system prompt. A client that speaks this API has put later ones where it
 * wants them; those of others all go in front.
 */
function leadingSystem({ messages, extra }: ChatRequest): SystemMessage[] {
  const first = messages.findIndex(({ role }) => role !== "system");
  const leading = extra?.dialect === "anthropic" && first !== -1 ? messages.slice(0, first) : messages;
  return leading.flatMap((message) => (message.role === "system" ? [message] : []));
}

function encodeSystem(messages: readonly SystemMessage[], marks: Marks): JsonObject[] {
  const blocks = messages.flatMap(({ content }) =>
    encodeContent(
      typeof content === "string" ? content : content.filter(({ type }) => type !== "image"),
      marks,
    ),
  );
  const last = blocks.at(-1);
  const isMarked = blocks.some((block) => block["cache_control"] !== undefined);
  if (marks === "ours" && !isMarked && last !== undefined) last["cache_control"] = EPHEMERAL;
  return blocks;
}

type MessageContext = { issuer: string; marks: Marks };

/** Neighbours of one role become one message, and tool results are the user's, as the API wants them. */
function encodeMessages(request: ChatRequest, context: MessageContext): JsonObject[] {
  const { messages } = request;
  const leading = new Set<ChatMessage>(leadingSystem(request));
  const encoded: { role: "user" | "assistant" | "system"; content: JsonObject[] }[] = [];
  messages.forEach((message, index) => {
    if (leading.has(message)) return;
    const role = message.role === "tool" ? "user" : message.role;
    const blocks = encodeBlocks(message, context, index === messages.length - 1);
    const last = encoded.at(-1);
    if (last?.role === role) for (const block of blocks) last.content.push(block);
    else encoded.push({ role, content: blocks });
  });
  return encoded.filter((message) => message.content.length > 0);
}

function encodeBlocks(message: ChatMessage, context: MessageContext, isLast: boolean): JsonObject[] {
  switch (message.role) {
    case "system":
    case "user":
      return encodeContent(message.content, context.marks);
    case "assistant":
      return encodeAssistant(message, context, isLast);
    case "tool": {
      const result: JsonObject = {
        type: "tool_result",
        tool_use_id: toolId(message.toolCallId),
        content: encodeContent(message.content, context.marks),
      };
      if (message.isError !== undefined) result["is_error"] = message.isError;
      return [marked(result, message.cacheBreakpoint, context.marks)];
    }
  }
}

function encodeContent(content: Content, marks: Marks): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.flatMap((part): JsonObject[] => {
    switch (part.type) {
      case "text":
        return part.text === ""
          ? []
          : [marked({ type: "text", text: part.text }, part.cacheBreakpoint, marks)];
      case "image": {
        const data = parseDataUrl(part.url);
        const source: JsonObject =
          data === undefined
            ? { type: "url", url: part.url }
            : { type: "base64", media_type: data.mediaType, data: data.base64 };
        return [marked({ type: "image", source }, part.cacheBreakpoint, marks)];
      }
      case "opaque":
        return part.dialect === "anthropic" ? [withoutMark(part.value, marks)] : [];
    }
  });
}

/** Without white space at the end of its text, which a beginning to be continued must not have. */
function trimmedEnd(content: Content): Content {
  if (typeof content === "string") return content.trimEnd();
  const last = content.at(-1);
  if (last?.type !== "text") return content;
  return [...content.slice(0, -1), { ...last, text: last.text.trimEnd() }];
}

function encodeAssistant(
  message: AssistantMessage,
  { issuer, marks }: MessageContext,
  isLast: boolean,
): JsonObject[] {
  const thinking: JsonObject[] = [];
  for (const { text, signature } of message.reasoning ?? []) {
    // Thinking goes back only with the issuer's own signature; any other engine's is dropped.
    if (signature?.issuer !== issuer) continue;
    thinking.push(
      typeof signature.value === "string"
        ? { type: "thinking", thinking: text, signature: signature.value }
        : signature.value,
    );
  }
  const content = message.content === null ? (message.refusal ?? "") : message.content;
  const isPrefill = isLast && (message.toolCalls ?? []).length === 0;
  const blocks = thinking.concat(encodeContent(isPrefill ? trimmedEnd(content) : content, marks));
  for (const call of message.toolCalls ?? []) {
    const input = parseJsonObject(call.arguments);
    const block: JsonObject = {
      type: "tool_use",
      id: toolId(call.id),
      name: call.name,
      input: input ?? (call.arguments === "" ? {} : { input: call.arguments }),
    };
    blocks.push(marked(block, call.cacheBreakpoint, marks));
  }
  return blocks;
}

/** So much of the beginning and the end of a long id tells it from others, characters. */
const TELLING_PART = 1_000;

function shortId(id: string): string {
  const beginning = hash32(`${id.length} ${id.slice(0, TELLING_PART)}`);
  return `call_${beginning.toString(36)}${hash32(id.slice(-TELLING_PART)).toString(36)}`;
}

/** Longer foreign ids are not spelt out: replacing what is wrong in them takes longer than all else. */
const MAX_SPELT_ID = 256;

/** Anthropic takes letters, digits, `_` and `-`; ids of other providers may hold more. */
function toolId(id: string): string {
  if (id.length > MAX_SPELT_ID) return shortId(id);
  return /^[\w-]+$/.test(id) ? id : id.replace(/[^\w-]/g, "_") || "_";
}

function writeTools(
  body: JsonObject,
  request: ChatRequest,
  rules: ClaudeRules,
  marks: Marks,
  dropped: string[],
): void {
  const offered = offeredTools(request);
  const tools = offered.tools.flatMap((tool) => encodeTool(tool, marks));
  if (tools.length < offered.tools.length) dropped.push("tools");
  const last = tools.at(-1);
  if (last === undefined) return;
  if (marks === "ours") last["cache_control"] = EPHEMERAL;
  body["tools"] = tools;
  let choice = encodeToolChoice(offered.choice);
  if (isForced(choice) && !rules.forcedToolChoice) {
    dropped.push("tool_choice");
    choice = { type: "auto" };
  }
  const serial = request.parallelToolCalls === false || request.singleToolCall === true;
  if (serial && offered.choice !== "none") {
    body["tool_choice"] = { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true };
  } else if (choice !== undefined) {
    body["tool_choice"] = choice;
  }
}

/** The tool, or nothing where the API has none of its kind. */
function encodeTool(tool: Tool, marks: Marks): JsonObject[] {
  switch (tool.type) {
    case "opaque":
      return tool.dialect === "anthropic" ? [withoutMark(tool.value, marks)] : [];
    case "custom":
      return [];
    case "function": {
      const encoded: JsonObject = {
        name: tool.name,
        input_schema: tool.parameters ?? { type: "object", properties: {} },
      };
      if (tool.description !== undefined) encoded["description"] = tool.description;
      if (tool.strict !== undefined) encoded["strict"] = tool.strict;
      return [marked(encoded, tool.cacheBreakpoint, marks)];
    }
  }
}

function encodeToolChoice(choice: ReturnType<typeof offeredTools>["choice"]): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (choice === "required") return { type: "any" };
  if (typeof choice === "string") return { type: choice };
  return { type: "tool", name: choice.name };
}

/**
 * Whether the model thinks: because it is `asked`, which forbids sampling parameters, or by `default`.
 * A client's cap on tokens holds for thinking and answer together.
 */
function writeThinking(
  body: JsonObject,
  request: ChatRequest,
  engine: Engine,
  rules: ClaudeRules,
  dropped: string[],
): "asked" | "default" | "off" {
  const effort = request.reasoningEffort;
  const unasked = rules.thinksByDefault ? "default" : "off";
  if (effort === undefined) return unasked;
  if (effort === "none") {
    if (rules.thinksByDefault) body["thinking"] = { type: "disabled" };
    return "off";
  }
  const level = effort === "minimal" || effort === "low" ? "low" : effort === "medium" ? effort : "high";
  const room = (request.maxOutputTokens ?? rules.thinkingMaxTokens) - 1;
  const budget = Math.min(request.reasoningBudgetTokens ?? THINKING_BUDGETS[level], room);
  const isPossible =
    rules.thinking === "adaptive" ||
    (rules.thinking === "budget" &&
      budget >= LEAST_BUDGET &&
      !continuesWithoutThinking(request.messages, engine.issuer));
  // A forced tool call and thinking exclude each other; the client asked for the call.
  if (!isPossible || isForced(body["tool_choice"])) {
    dropped.push("reasoning_effort");
    return unasked;
  }
  const display = nativeDetails(request)["thinking.display"];
  const shown: JsonObject = display === undefined ? {} : { display };
  if (rules.thinking === "adaptive") {
    body["thinking"] = { type: "adaptive", ...shown };
    body["output_config"] = { effort: closestEffort(effort, rules.efforts) ?? level };
  } else {
    body["thinking"] = { type: "enabled", budget_tokens: budget, ...shown };
  }
  return "asked";
}

function isForced(choice: JsonValue | undefined): boolean {
  return isJsonObject(choice) && (choice["type"] === "any" || choice["type"] === "tool");
}

/**
 * Whether the latest turn of the assistant calls tools and did not begin with thinking of this issuer:
 * a model with a budget then refuses to think ("Expected `thinking`, but found `tool_use`").
 */
function continuesWithoutThinking(messages: readonly ChatMessage[], issuer: string): boolean {
  const end = messages.findLastIndex(({ role }) => role === "assistant");
  const start = messages.findLastIndex(({ role }, index) => index < end && role === "user");
  const turn = messages
    .slice(start + 1, end + 1)
    .flatMap((message) => (message.role === "assistant" ? [message] : []));
  if ((turn.at(-1)?.toolCalls ?? []).length === 0) return false;
  return turn[0]?.reasoning?.some(({ signature }) => signature?.issuer === issuer) !== true;
}

function writeSampling(
  body: JsonObject,
  request: ChatRequest,
  rules: ClaudeRules,
  thinks: boolean,
  dropped: string[],
): void {
  const values: [string, JsonValue | undefined][] = [
    ["temperature", request.temperature === undefined ? undefined : Math.min(1, request.temperature)],
    ["top_p", request.topP],
    ["top_k", request.topK],
  ];
  for (const [name, value] of values) {
    if (value === undefined) continue;
    const clashes = name === "top_p" && request.temperature !== undefined && rules.oneOfTemperatureAndTopP;
    if (rules.samplingRefused || thinks || clashes) dropped.push(name);
    else body[name] = value;
  }
}

function writeFormat(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const format = request.responseFormat;
  if (format === undefined || format.type === "text") return;
  if (format.type === "json_object") {
    dropped.push("response_format");
    return;
  }
  const config = isJsonObject(body["output_config"]) ? (body["output_config"] as JsonObject) : {};
  body["output_config"] = { ...config, format: { type: "json_schema", schema: format.schema } };
}
