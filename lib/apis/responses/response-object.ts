import type { AnswerMeta } from "#lib/apis/completion-api.ts";
import { openAiErrorBody } from "#lib/apis/openai-error.ts";
import type { ResponsesBody, ToolBody } from "#lib/apis/responses/schema.ts";
import type { FinishReason } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { type GatewayError, retryFields } from "#lib/shared/errors.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The state of an answer. */
export type Outcome =
  | { status: "in_progress" }
  | { status: "completed" | "incomplete"; reason: FinishReason; usage: TokenUsage }
  | { status: "failed"; error: GatewayError };

/** Finish reasons of incomplete answers, in the API's terms. */
const INCOMPLETE: Partial<Record<FinishReason, string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

/** The status of an answer that stopped for this reason. */
export function statusOf(reason: FinishReason): "completed" | "incomplete" {
  return INCOMPLETE[reason] === undefined ? "completed" : "incomplete";
}

/**
 * The fields of the request that every answer repeats. Missing numbers are the API's defaults, since strict
 * clients do not accept null.
 */
export function echoOf(body: ResponsesBody): JsonObject {
  return {
    access_programs: null,
    background: false,
    frequency_penalty: 0,
    instructions: (body.instructions ?? null) as JsonValue,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    presence_penalty: 0,
    previous_response_id: null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: body.service_tier ?? "default",
    store: false,
    temperature: body.temperature ?? 1,
    text: echoedText(body.text),
    tool_choice: echoedChoice(body.tool_choice),
    tools: (body.tools ?? []).map(echoedTool),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: "disabled",
    user: body.user ?? null,
  };
}

function echoedText(text: ResponsesBody["text"]): JsonObject {
  const format = (text?.format ?? { type: "text" }) as JsonObject;
  const verbosity = text?.verbosity ?? undefined;
  return verbosity === undefined ? { format } : { format, verbosity };
}

function echoedChoice(choice: ResponsesBody["tool_choice"]): JsonValue {
  if (choice === null || choice === undefined) return "auto";
  if (typeof choice === "string") return choice;
  if (choice.type === "other") return choice.value;
  if (choice.type !== "allowed_tools") return choice as JsonObject;
  return { ...choice, tools: choice.tools.map(plain) } as JsonObject;
}

/** The tool, with the fields that the API's own answers always have; null: the client did not say. */
function echoedTool(tool: ToolBody): JsonObject {
  switch (tool.type) {
    case "namespace":
      return { description: "", ...tool, tools: tool.tools.map(plain) } as JsonObject;
    case "function":
      return { description: null, parameters: null, strict: null, ...tool } as JsonObject;
    case "mcp": {
      // What opens a server is for nobody's eyes.
      const { authorization: _authorization, ...rest } = tool;
      return { allowed_tools: null, require_approval: "always", ...rest, headers: null } as JsonObject;
    }
    case "custom":
    case "other":
      return plain(tool);
  }
}

/** A value that the schema wrapped as `other`, unwrapped. */
function plain(value: { type: string; value?: unknown }): JsonObject {
  return (value.type === "other" ? value.value : value) as JsonObject;
}

/** The fields that are the same in all responses of one answer. */
export function fixedFields(meta: AnswerMeta, echo: JsonObject): JsonObject {
  return {
    id: `resp_${meta.id}`,
    object: "response",
    created_at: meta.createdAt,
    model: meta.model,
    ...echo,
  };
}

/** The fields that differ between the responses of one answer. */
export function changingFields(outcome: Outcome, output: JsonObject[]): JsonObject {
  const fields: JsonObject = {
    status: outcome.status,
    // The time is not recorded, but strict clients require the field.
    completed_at: null,
    output,
    error: null,
    incomplete_details: null,
    usage: null,
  };
  if (outcome.status === "in_progress") return fields;
  if (outcome.status === "failed") return { ...fields, error: responseError(outcome.error) };
  const reason = INCOMPLETE[outcome.reason];
  if (reason !== undefined) fields["incomplete_details"] = { reason };
  return { ...fields, usage: usageObject(outcome.usage) };
}

/** The error in one of the few codes that the API has. */
function responseError(error: GatewayError): JsonObject {
  const { code } = openAiErrorBody(error).error;
  const retry = retryFields(error);
  if (error.status === 429) return { code, message: withRetryHint(error), ...retry };
  const isClients = error.status >= 400 && error.status < 499;
  return { code: isClients ? "invalid_prompt" : "server_error", message: error.message, ...retry };
}

/** Clients parse the retry delay from the text, where OpenAI puts it. */
function withRetryHint({ message, retryAfterSeconds }: GatewayError): string {
  return retryAfterSeconds === undefined
    ? message
    : `${message} Please try again in ${Math.ceil(retryAfterSeconds)}s.`;
}

function usageObject(usage: TokenUsage): JsonObject {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
