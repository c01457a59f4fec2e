import type { ChatRequest } from "#lib/chat/request.ts";
import type { ClaudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** Sampling, as far as the model takes it: one that thinks takes none. */
export function writeSampling(
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

/** The form of the answer: a schema, or nothing. */
export function writeFormat(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const format = request.responseFormat;
  if (format === undefined || format.type === "text") return;
  if (format.type === "json_object") {
    dropped.push("response_format");
    return;
  }
  const config = isJsonObject(body["output_config"]) ? (body["output_config"] as JsonObject) : {};
  body["output_config"] = { ...config, format: { type: "json_schema", schema: format.schema } };
}

/** Sequences of white space alone are refused. */
export function writeStop(body: JsonObject, { stop }: ChatRequest, dropped: string[]): void {
  const taken = stop?.filter((sequence) => sequence.trim() !== "");
  if (taken !== undefined && taken.length > 0) body["stop_sequences"] = taken;
  if (taken?.length !== stop?.length) dropped.push("stop");
}

/** What the API has no field for. */
export function untranslatable(request: ChatRequest): string[] {
  const fields: [string, unknown][] = [
    ["frequency_penalty", request.frequencyPenalty],
    ["presence_penalty", request.presencePenalty],
    ["seed", request.seed],
    ["n", request.n === 1 ? undefined : request.n],
    ["logprobs", request.logprobs],
    ["top_logprobs", request.topLogprobs],
    ["logit_bias", request.logitBias],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
