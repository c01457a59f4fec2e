import type { ChatRequest } from "#lib/chat/request.ts";
import type { ClaudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { closedSchema } from "#lib/providers/protocols/fit/closed-schema.ts";
import { validSchema } from "#lib/providers/protocols/fit/json-schema.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** Writes the sampling parameters that the model accepts; with thinking it accepts none. */
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

/** Writes the response format; the API supports only JSON schemas. */
export function writeFormat(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const format = request.responseFormat;
  if (format === undefined || format.type === "text") return;
  if (format.type === "json_object") {
    dropped.push("response_format");
    return;
  }
  const schema = formatSchema(format.schema);
  // The request then asks for the format in words.
  if (schema === undefined) return;
  const config = isJsonObject(body["output_config"]) ? (body["output_config"] as JsonObject) : {};
  body["output_config"] = { ...config, format: { type: "json_schema", schema } };
}

/** The schema of an answer in the API's grammar; undefined if the grammar cannot express it. */
export function formatSchema(schema: JsonObject): JsonObject | undefined {
  return closedSchema(validSchema(schema, { complete: false }));
}

/** Writes the stop sequences. The API rejects those of only white space. */
export function writeStop(body: JsonObject, { stop }: ChatRequest, dropped: string[]): void {
  const accepted = stop?.filter((sequence) => sequence.trim() !== "");
  if (accepted !== undefined && accepted.length > 0) body["stop_sequences"] = accepted;
  if (accepted?.length !== stop?.length) dropped.push("stop");
}

/** Names of the request's fields that the API has no counterpart for. */
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
