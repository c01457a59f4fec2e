import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  contentText,
  type ToolChoice,
} from "#lib/chat/request.ts";
import { planPromptCache } from "#lib/providers/cache.ts";
import { type ClaudeRules, claudeRules } from "#lib/providers/model-rules.ts";
import { parseDataUrl } from "#lib/providers/protocols/data-url.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "#lib/shared/json.ts";

/** `max_tokens` is required; every Claude from 3.5 on can write this much. */
const DEFAULT_MAX_TOKENS = 8_192;
const THINKING_BUDGETS = { low: 1_024, medium: 4_096, high: 16_384 } as const;
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
    max_tokens: request.maxOutputTokens ?? DEFAULT_MAX_TOKENS,
    messages: encodeMessages(request.messages, engine.provider.id),
    stream: request.stream,
  };
  const system = encodeSystem(request.messages, marks);
  if (system.length > 0) body["system"] = system;
  writeTools(body, request, marks, dropped);
  const thinks = writeThinking(body, request, rules, dropped);
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
    headers: { ...engine.headers },
    body,
    dropped,
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

function writeTools(body: JsonObject, request: ChatRequest, marks: boolean, dropped: string[]): void {
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
  const choice = encodeToolChoice(request.toolChoice);
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

/** Returns whether the model is asked to think, which forbids sampling parameters. */
function writeThinking(
  body: JsonObject,
  request: ChatRequest,
  rules: ClaudeRules,
  dropped: string[],
): boolean {
  const effort = request.reasoningEffort;
  if (effort === undefined || effort === "none") return false;
  // A forced tool call and thinking exclude each other; the client asked for the call.
  const choice = body["tool_choice"];
  if (isJsonObject(choice) && (choice["type"] === "any" || choice["type"] === "tool")) {
    dropped.push("reasoning_effort");
    return false;
  }
  const level = effort === "minimal" ? "low" : effort;
  if (rules.adaptiveThinking) {
    body["thinking"] = { type: "adaptive" };
    // `xhigh` and `max` are not known to every model; `high` is.
    body["output_config"] = { effort: level === "low" || level === "medium" ? level : "high" };
    return true;
  }
  const budget = THINKING_BUDGETS[level === "low" || level === "medium" ? level : "high"];
  const room = typeof body["max_tokens"] === "number" ? body["max_tokens"] : DEFAULT_MAX_TOKENS;
  body["thinking"] = { type: "enabled", budget_tokens: budget };
  if (room <= budget) body["max_tokens"] = room + budget;
  return true;
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
