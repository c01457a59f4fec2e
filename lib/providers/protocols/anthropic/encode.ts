import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  contentText,
  hasOpaquePart,
  type ToolChoice,
} from "#lib/chat/request.ts";
import { planPromptCache } from "#lib/providers/cache.ts";
import { type ClaudeRules, claudeRules } from "#lib/providers/model-rules.ts";
import { parseDataUrl } from "#lib/providers/protocols/data-url.ts";
import { droppedNames, type EncodedRequest, type EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "#lib/shared/json.ts";

export const ANTHROPIC_HEADERS: Readonly<Record<string, string>> = { "anthropic-version": "2023-06-01" };

const THINKING_BUDGETS = { low: 1_024, medium: 4_096, high: 16_384 } as const;
/** A smaller budget is refused. */
const LEAST_BUDGET = 1_024;
const EPHEMERAL: JsonObject = { type: "ephemeral" };

/** A chat request as the body of `POST /v1/messages`. */
export function encodeAnthropic(
  request: ChatRequest,
  engine: Engine,
  options: EncodeOptions,
): EncodedRequest {
  const rules = claudeRules(engine.model);
  const marks = options.promptCache && planPromptCache(request, engine).kind === "breakpoints";
  const dropped: string[] = [];
  const body: JsonObject = {
    model: engine.model,
    max_tokens: request.maxOutputTokens ?? rules.maxTokens,
    messages: encodeMessages(request.messages, engine.provider.id),
    stream: request.stream,
  };
  const system = encodeSystem(request.messages, marks);
  if (system.length > 0) body["system"] = system;
  if (hasOpaquePart(request)) dropped.push("messages");
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
  if (request.user !== undefined) body["metadata"] = { user_id: request.user };
  for (const [name, value] of untranslatable(request)) if (value !== undefined) dropped.push(name);
  dropped.push(...Object.keys(request.extra ?? {}));
  return {
    path: "/v1/messages",
    headers: { ...ANTHROPIC_HEADERS, ...engine.headers },
    body,
    dropped: droppedNames(dropped),
    additions: marks ? ["cache_control"] : [],
  };
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

function encodeSystem(messages: readonly ChatMessage[], marks: boolean): JsonObject[] {
  const blocks: JsonObject[] = [];
  let stableEnd = -1;
  for (const message of messages) {
    if (message.role !== "system") continue;
    const parts =
      typeof message.content === "string"
        ? [{ type: "text" as const, text: message.content }]
        : message.content;
    for (const part of parts) {
      if (part.type !== "text" || part.text === "") continue;
      blocks.push({ type: "text", text: part.text });
      if ("cacheBreakpoint" in part && part.cacheBreakpoint === true) stableEnd = blocks.length - 1;
    }
  }
  const last = blocks[stableEnd === -1 ? blocks.length - 1 : stableEnd];
  if (marks && last !== undefined) last["cache_control"] = EPHEMERAL;
  return blocks;
}

/** Neighbours of one role become one message, and tool results are the user's, as the API wants them. */
function encodeMessages(messages: readonly ChatMessage[], issuer: string): JsonObject[] {
  const encoded: { role: "user" | "assistant"; content: JsonObject[] }[] = [];
  messages.forEach((message, index) => {
    if (message.role === "system") return;
    const role = message.role === "assistant" ? "assistant" : "user";
    const blocks = encodeBlocks(message, issuer, index === messages.length - 1);
    const last = encoded.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else encoded.push({ role, content: blocks });
  });
  return encoded.filter((message) => message.content.length > 0);
}

function encodeBlocks(
  message: Exclude<ChatMessage, { role: "system" }>,
  issuer: string,
  isLast: boolean,
): JsonObject[] {
  switch (message.role) {
    case "user":
      return encodeContent(message.content);
    case "assistant":
      return encodeAssistant(message, issuer, isLast);
    case "tool":
      return [
        {
          type: "tool_result",
          tool_use_id: toolId(message.toolCallId),
          content: encodeContent(message.content),
        },
      ];
  }
}

function encodeContent(content: Content): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.flatMap((part): JsonObject[] => {
    switch (part.type) {
      case "text":
        return part.text === "" ? [] : [{ type: "text", text: part.text }];
      case "image": {
        const data = parseDataUrl(part.url);
        const source: JsonObject =
          data === undefined
            ? { type: "url", url: part.url }
            : { type: "base64", media_type: data.mediaType, data: data.base64 };
        return [{ type: "image", source }];
      }
      case "opaque":
        return [];
    }
  });
}

function encodeAssistant(message: AssistantMessage, issuer: string, isLast: boolean): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const { text, signature } of message.reasoning ?? []) {
    // Thinking goes back only with the issuer's own signature; any other engine's is dropped.
    if (signature?.issuer !== issuer) continue;
    blocks.push(
      typeof signature.value === "string"
        ? { type: "thinking", thinking: text, signature: signature.value }
        : signature.value,
    );
  }
  const content = message.content === null ? (message.refusal ?? "") : message.content;
  // A beginning to be continued must not end in white space.
  const isPrefill = isLast && (message.toolCalls ?? []).length === 0;
  blocks.push(...encodeContent(isPrefill ? contentText(content).trimEnd() : content));
  for (const call of message.toolCalls ?? []) {
    const input = parseJson(call.arguments);
    blocks.push({
      type: "tool_use",
      id: toolId(call.id),
      name: call.name,
      input: isJsonObject(input)
        ? (input as JsonObject)
        : call.arguments === ""
          ? {}
          : { input: call.arguments },
    });
  }
  return blocks;
}

/** Anthropic takes letters, digits, `_` and `-`; ids of other providers may hold more. */
function toolId(id: string): string {
  return /^[\w-]+$/.test(id) ? id : id.replace(/[^\w-]/g, "_") || "_";
}

function writeTools(
  body: JsonObject,
  request: ChatRequest,
  rules: ClaudeRules,
  marks: boolean,
  dropped: string[],
): void {
  const functions = (request.tools ?? []).flatMap((tool) => (tool.type === "function" ? [tool] : []));
  if (functions.length < (request.tools ?? []).length) dropped.push("tools");
  if (functions.length === 0) return;
  const tools = functions.map((tool): JsonObject => {
    const encoded: JsonObject = {
      name: tool.name,
      input_schema: tool.parameters ?? { type: "object", properties: {} },
    };
    if (tool.description !== undefined) encoded["description"] = tool.description;
    if (tool.strict !== undefined) encoded["strict"] = tool.strict;
    return encoded;
  });
  const last = tools.at(-1);
  if (marks && last !== undefined) last["cache_control"] = EPHEMERAL;
  body["tools"] = tools;
  let choice = encodeToolChoice(request.toolChoice);
  if (isForced(choice) && !rules.forcedToolChoice) {
    dropped.push("tool_choice");
    choice = { type: "auto" };
  }
  const serial = request.parallelToolCalls === false;
  if (serial && request.toolChoice !== "none") {
    body["tool_choice"] = { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true };
  } else if (choice !== undefined) {
    body["tool_choice"] = choice;
  }
}

function encodeToolChoice(choice: ToolChoice | undefined): JsonObject | undefined {
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
  const budget = Math.min(THINKING_BUDGETS[level], room);
  const isPossible =
    rules.thinking === "adaptive" ||
    (rules.thinking === "budget" &&
      budget >= LEAST_BUDGET &&
      !continuesWithoutThinking(request.messages, engine.provider.id));
  // A forced tool call and thinking exclude each other; the client asked for the call.
  if (!isPossible || isForced(body["tool_choice"])) {
    dropped.push("reasoning_effort");
    return unasked;
  }
  if (rules.thinking === "adaptive") {
    body["thinking"] = { type: "adaptive" };
    // `xhigh` and `max` are not known to every model; `high` is.
    body["output_config"] = { effort: level };
  } else {
    body["thinking"] = { type: "enabled", budget_tokens: budget };
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
