import type { ChatRequest, ReasoningEffort } from "#lib/chat/request.ts";
import {
  bareModelName,
  closestEffort,
  type ModelRules,
  rejectsVerbosity,
} from "#lib/providers/catalogue/model-rules.ts";
import { fitAnswerFormat } from "#lib/providers/protocols/fit/answer-format.ts";
import type { FieldWriter } from "#lib/providers/protocols/openai-compatible/field-writer.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** Fields that are written from the request or set by the gateway; extra fields may not override them. */
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

type TargetModel = { model: string; rules: ModelRules; dialect: OpenAiDialect };

/** Writes sampling, length, format and effort. */
export function writeParameters(fields: FieldWriter, request: ChatRequest, target: TargetModel): void {
  const { rules, dialect } = target;
  writeSampling(fields, request, target);
  const maxTokensField = rules.completionTokensOnly ? "max_completion_tokens" : dialect.maxTokensField;
  fields.write(maxTokensField, request.maxOutputTokens);
  writeStop(fields, request, target);
  fields.write("n", request.n === 1 ? undefined : request.n);
  fields.write(dialect.seedField, request.seed, "seed");
  fields.write("response_format", encodeResponseFormat(request, fields));
  writeEffort(fields, request, target);
  fields.write("user", request.user);
}

/** Writes the client's extra fields, if it uses OpenAI's API. */
export function writeExtra(fields: FieldWriter, { extra }: ChatRequest, rules: ModelRules): void {
  const isOpenAi = extra?.dialect !== "anthropic";
  for (const [name, value] of Object.entries(extra?.fields ?? {})) {
    const isRejected = OWN_FIELDS.has(name) || (name === "verbosity" && rejectsVerbosity(rules, value));
    if (!isOpenAi || isRejected) fields.drop(name, value);
    else fields.write(name, value);
  }
  for (const name of Object.keys(extra?.details ?? {})) fields.drop(name, true);
}

function writeSampling(fields: FieldWriter, request: ChatRequest, { rules, dialect }: TargetModel): void {
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

/** Models that think refuse all sequences, some hosts more than a few, and all hosts empty ones, which say nothing. */
function writeStop(fields: FieldWriter, { stop }: ChatRequest, { rules, dialect }: TargetModel): void {
  if (stop === undefined) return;
  if (!rules.stop) {
    fields.drop("stop", stop);
    return;
  }
  const written = stop.filter((sequence) => sequence !== "");
  const sent = written.slice(0, dialect.maxStops);
  if (sent.length > 0) fields.write("stop", sent);
  if (sent.length < written.length && fields.accepts("stop")) fields.drop("stop", stop);
}

function encodeResponseFormat(request: ChatRequest, fields: FieldWriter): JsonObject | undefined {
  const format = request.responseFormat;
  if (format === undefined) return undefined;
  if (format.type !== "json_schema") return { type: format.type };
  const { fitted, droppedStrict } = fitAnswerFormat(format);
  if (droppedStrict) fields.drop("response_format.strict", true);
  return { type: "json_schema", json_schema: fitted };
}

function writeEffort(fields: FieldWriter, request: ChatRequest, target: TargetModel): void {
  const wanted = request.reasoningEffort;
  if (wanted === undefined) return;
  const effort = acceptedEffort(wanted, target);
  if (effort === undefined) fields.drop("reasoning_effort", wanted);
  else fields.write("reasoning_effort", effort);
}

function acceptedEffort(wanted: ReasoningEffort, { model, rules, dialect }: TargetModel): string | undefined {
  if (dialect.effortSwitch?.test(bareModelName(model)) === true) {
    return wanted === "none" ? "none" : "default";
  }
  // A server with an open dialect may know models that our table does not.
  if (dialect.fields === "all" && (rules.efforts ?? []).length === 0) return wanted;
  return closestEffort(wanted, rules.efforts ?? dialect.efforts);
}
