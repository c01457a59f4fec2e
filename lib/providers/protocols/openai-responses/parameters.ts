import type { ChatRequest } from "#lib/chat/request.ts";
import { closestEffort, type ModelRules, rejectsVerbosity } from "#lib/providers/catalogue/model-rules.ts";
import { fitAnswerFormat } from "#lib/providers/protocols/fit/answer-format.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** OpenAI refuses a smaller `max_output_tokens`. */
const MIN_OUTPUT_TOKENS = 16;
const LOGPROBS = "message.output_text.logprobs";

/** Fields of OpenAI's clients that the API takes as they are. */
const PASSED_FIELDS: ReadonlySet<string> = new Set([
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
  "safety_identifier",
  "service_tier",
  "metadata",
  "max_tool_calls",
  "moderation",
  "truncation",
]);

/** Writes sampling, length, format and reasoning. */
export function writeParameters(
  body: JsonObject,
  request: ChatRequest,
  rules: ModelRules,
  dropped: string[],
): void {
  writeSampling(body, request, rules, dropped);
  if (request.maxOutputTokens !== undefined) {
    body["max_output_tokens"] = Math.max(request.maxOutputTokens, MIN_OUTPUT_TOKENS);
  }
  const text = encodeText(request, rules, dropped);
  if (text !== undefined) body["text"] = text;
  const reasoning = encodeReasoning(request, rules, dropped);
  if (reasoning !== undefined) body["reasoning"] = reasoning;
  if (request.user !== undefined) body["user"] = request.user;
  for (const [name, value] of untranslatable(request)) if (value !== undefined) dropped.push(name);
}

/** Writes the client's extra fields. */
export function writeExtra(body: JsonObject, { extra }: ChatRequest, dropped: string[]): void {
  if (extra === undefined) return;
  for (const [name, value] of Object.entries(extra.fields)) {
    if (extra.dialect === "anthropic" || !PASSED_FIELDS.has(name)) {
      if (!isExpressed(name, value, extra.dialect)) dropped.push(name);
    } else if (value !== undefined) body[name] = value;
  }
  const { reasoning: _reasoning, ...fields } = extra.responsesFields ?? {};
  Object.assign(body, fields);
  const { truncation, "thinking.display": _display, ...others } = extra.details ?? {};
  if (truncation !== undefined) body["truncation"] = truncation;
  dropped.push(...Object.keys(others));
}

/** Whether the body says the same in another field. */
function isExpressed(name: string, value: JsonValue | undefined, dialect: string): boolean {
  return dialect !== "anthropic" && (name === "verbosity" || (name === "store" && value === false));
}

/** What the API has no field for. */
function untranslatable(request: ChatRequest): [string, unknown][] {
  return [
    ["stop", request.stop],
    ["n", request.n === 1 ? undefined : request.n],
    ["seed", request.seed],
    ["frequency_penalty", request.frequencyPenalty],
    ["presence_penalty", request.presencePenalty],
    ["logit_bias", request.logitBias],
    ["top_k", request.topK],
  ];
}

function writeSampling(body: JsonObject, request: ChatRequest, rules: ModelRules, dropped: string[]): void {
  const { temperature, topP, logprobs, topLogprobs, reasoningEffort: effort } = request;
  const isBanned =
    rules.sampling === "never" ||
    (rules.sampling === "only_without_reasoning" && effort !== undefined && effort !== "none") ||
    (rules.sampling === "only_with_effort_none" && effort !== "none");
  const values: [string, JsonValue | undefined][] = [
    ["temperature", temperature],
    ["top_p", topP],
    ["top_logprobs", topLogprobs],
  ];
  for (const [name, value] of values) {
    if (value === undefined) continue;
    if (isBanned) dropped.push(name);
    else body[name] = value;
  }
  if (logprobs !== true) return;
  if (isBanned) dropped.push("logprobs");
  else body["include"] = [LOGPROBS];
}

function encodeText(request: ChatRequest, rules: ModelRules, dropped: string[]): JsonObject | undefined {
  const text: JsonObject = {};
  const format = request.responseFormat;
  if (format?.type === "json_schema") {
    const { fitted, droppedStrict } = fitAnswerFormat(format);
    if (droppedStrict) dropped.push("response_format.strict");
    text["format"] = { type: "json_schema", ...fitted };
  } else if (format !== undefined) text["format"] = { type: format.type };
  const verbosity = request.extra?.dialect === "anthropic" ? undefined : request.extra?.fields["verbosity"];
  if (rejectsVerbosity(rules, verbosity)) dropped.push("verbosity");
  else if (verbosity !== undefined) text["verbosity"] = verbosity;
  return Object.keys(text).length === 0 ? undefined : text;
}

function encodeReasoning(request: ChatRequest, rules: ModelRules, dropped: string[]): JsonObject | undefined {
  const own = request.extra?.responsesFields?.["reasoning"];
  const reasoning: JsonObject = typeof own === "object" && own !== null ? { ...(own as JsonObject) } : {};
  if (request.extra?.details?.["thinking.display"] === "summarized") reasoning["summary"] = "auto";
  const wanted = request.reasoningEffort;
  if (rules.efforts?.length === 0) {
    if (wanted !== undefined) dropped.push("reasoning_effort");
    return undefined;
  }
  // A server may have models that our rules do not know.
  const effort = wanted && rules.efforts !== undefined ? closestEffort(wanted, rules.efforts) : wanted;
  if (effort !== undefined) reasoning["effort"] = effort;
  return Object.keys(reasoning).length === 0 ? undefined : reasoning;
}
