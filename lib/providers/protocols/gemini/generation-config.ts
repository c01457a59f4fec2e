import type { ChatRequest } from "#lib/chat/request.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import { responseJsonSchema } from "#lib/providers/protocols/gemini/response-json-schema.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** Thinking budgets of the 2.5 models, tokens; newer models take a level. */
const BUDGETS = { minimal: 512, low: 1_024, medium: 8_192, high: 24_576 } as const;

/** The API refuses more stop sequences. */
const MAX_STOPS = 5;

/** Whether the model is of Gemini 3 or later. */
export function isFromGemini3(model: string): boolean {
  return /^gemini-(?:[3-9]|\d\d)/.test(bareModelName(model));
}

/** Sampling, length, format and thinking. */
export function generationConfig(
  request: ChatRequest,
  { model }: { model: string },
  dropped: string[],
): JsonObject {
  const config: JsonObject = {};
  const set = (name: string, value: JsonValue | undefined): void => {
    if (value !== undefined) config[name] = value;
  };
  set("temperature", request.temperature);
  set("topP", request.topP);
  set("topK", request.topK);
  set("maxOutputTokens", request.maxOutputTokens);
  const stop = request.stop?.filter((sequence) => sequence !== "") ?? [];
  if (stop.length > 0) set("stopSequences", stop.slice(0, MAX_STOPS));
  if (stop.length > MAX_STOPS) dropped.push("stop");
  set("seed", request.seed);
  set("presencePenalty", request.presencePenalty);
  set("frequencyPenalty", request.frequencyPenalty);
  const format = request.responseFormat;
  if (format !== undefined && format.type !== "text") {
    config["responseMimeType"] = "application/json";
    if (format.type === "json_schema") config["responseJsonSchema"] = responseJsonSchema(format.schema);
  }
  set("thinkingConfig", thinkingConfig(request, model));
  return config;
}

function thinkingConfig(request: ChatRequest, model: string): JsonObject | undefined {
  const effort = request.reasoningEffort;
  if (effort === undefined) return undefined;
  const name = bareModelName(model);
  const level = effort === "xhigh" || effort === "max" ? "high" : effort;
  if (/^gemini-2\.5/.test(name)) {
    // Thinking cannot be disabled for Pro; 128 is its minimum.
    if (level === "none") return { thinkingBudget: name.includes("pro") ? 128 : 0 };
    const budget = Math.min(request.reasoningBudgetTokens ?? BUDGETS[level], BUDGETS.high);
    return { includeThoughts: true, thinkingBudget: budget };
  }
  if (!isFromGemini3(model)) return undefined;
  if (level === "none" || level === "minimal") return { thinkingLevel: "low" };
  return { includeThoughts: true, thinkingLevel: level };
}
