import type { ProviderError } from "#lib/providers/failures/error-body.ts";

/** The HTTP statuses of Anthropic's, Google's and OpenAI's error codes, for errors inside a 200. */
export const STATUS_BY_CODE: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529],
  ["INVALID_ARGUMENT", 400],
  ["FAILED_PRECONDITION", 400],
  ["UNAUTHENTICATED", 401],
  ["PERMISSION_DENIED", 403],
  ["NOT_FOUND", 404],
  ["ABORTED", 409],
  ["RESOURCE_EXHAUSTED", 429],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DEADLINE_EXCEEDED", 504],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 402],
  ["invalid_api_key", 401],
  ["model_not_found", 404],
  ["server_error", 500],
  ["internal_server_error", 500],
  ["service_unavailable", 503],
  ["tool_use_failed", 400],
]);

export const MODEL_GONE_CODES = new Set([
  "model_not_found",
  "model_decommissioned",
  "invalid_model",
  "model_not_active",
  // Cloudflare
  "5007",
  "3042",
]);
export const KEY_REJECTED_CODES = new Set(["invalid_api_key", "API_KEY_INVALID", "authentication_error"]);
export const CONTENT_POLICY_CODES = new Set([
  "content_policy_violation",
  "content_filter",
  "ResponsibleAIPolicyViolation",
  "moderation_blocked",
  "PROHIBITED_CONTENT",
]);
export const CONTEXT_LENGTH_CODES = new Set([
  "context_length_exceeded",
  "exceed_context_size_error",
  "model_context_window_exceeded",
  "request_too_large",
  "tokens_limit_reached",
]);
/** Something is too long: the prompt, or a name, a description, a list of tools. */
export const TOO_LONG_CODES = new Set(["string_above_max_length", "array_above_max_length"]);
/** Codes that blame the request, whatever the message says. */
export const BAD_REQUEST_CODES = new Set([
  "invalid_value",
  "invalid_type",
  "unsupported_value",
  "unsupported_parameter",
  "unknown_parameter",
  "missing_required_parameter",
  "wrong_api_format",
  "extra_forbidden",
]);

export const CONTENT_POLICY =
  /content (?:management )?policy|flagged (?:as|by|for)|moderation|safety system|responsible ai|contains nsfw content/i;
export const CONTEXT_LENGTH =
  /context[ _](?:length|window|size)|maximum context|prompt is too long|input is too long|too many tokens|input token count|reduce the length of|exceeds? the (?:maximum|model'?s).{0,40}tokens|exceed context limit|maximum prompt length|exceeded model token limit|range of input length|number of input tokens exceeds|prompt exceeds max|prompt contains \d+ tokens/i;
/**
 * Patterns that bench a key or a model only match at the beginning of the message: later text may be an echo
 * of the request.
 */
export const MODEL_GONE =
  /^(?:(?:the |this |requested )*models?\b[ :/]*\S{0,120} *(?:is |was |has been )?(?:not found|does not exist|decommissioned|no longer (?:available|supported)|removed|retired|deprecated)|\S{0,120} ?is not a valid model|unknown model|invalid model)/i;
export const KEY_REJECTED =
  /^(?:the |your )*(?:api[ _]key (?:is )?(?:not valid|invalid|expired)|(?:invalid|incorrect) api[ _]key)/i;
/** "No such route": no API answers at this address. */
export const WRONG_ADDRESS_CODES = new Set(["unknown_url", "route_not_found", "path_not_found"]);
export const WRONG_ADDRESS =
  /^(?:(?:unknown|invalid|unrecogni[sz]ed) (?:request )?url\b[ :(]*(?:POST|GET)\b|cannot (?:POST|GET)\b|no route\b|unexpected endpoint\b|(?:the )?requested (?:url|path|resource|endpoint|route)\b)/i;
/** A "not found" about the model; OpenRouter says "endpoint", Azure "deployment". */
export const MENTIONS_MODEL = /\bmodels?\b|\bdeployments?\b|\bendpoints? found for\b/i;
export const PATHS = /(?<!\S)\/\S+/g;
/** OpenRouter's 404 for an existing model of which no host takes images, tools or these parameters. */
export const UNSUPPORTED = /no endpoints found that (?:support|can handle)/i;
/** A 403 about the model, not about the key. */
export const MODEL_FORBIDDEN = /licen[cs]e|terms of use|\bmodels?\b/i;
/** The first of these in a message is its subject; the captured ones are about the model or the key. */
const SUBJECT =
  /\b(?:(models?|endpoints?|deployments?|api[ _]keys?|accounts?|organi[sz]ations?|projects?)|files?|documents?|attachments?|images?|audio|videos?|urls?|tools?|functions?|containers?|assistants?|threads?|conversations?|batch(?:es)?|vector stores?|cached contents?)\b/i;

/** How much of a message is examined, characters. */
export const MAX_PROSE = 4_000;
/** Quoted spans, including one that was cut off; an apostrophe is not a quote. */
const QUOTED =
  /(?<![\w])'(?:[^']|'(?=\w))*(?:'|$)|"(?:[^"\\]|\\.)*(?:["\\]|$)|`[^`]*(?:`|$)|“[^”]*(?:”|$)|‘[^’]*(?:’|$)/gs;
const URLS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi;

/** The message without quotes and URLs: providers echo the request, which must not affect classification. */
export function ownWords(message: string): string {
  return message.slice(0, MAX_PROSE).replace(URLS, "url").replace(QUOTED, "").trim();
}

/** Whether the message is about something in the request, not about the model or the key. */
export function isAboutRequest(prose: string): boolean {
  const subject = SUBJECT.exec(prose);
  return subject !== null && subject[1] === undefined;
}

export function hasCode(error: ProviderError | undefined, set: ReadonlySet<string>): boolean {
  return error?.codes.some((word) => set.has(word)) ?? false;
}

/** The error blames a field of the request other than the model. */
export function namesOtherParam(error: ProviderError | undefined): boolean {
  const param = error?.param ?? "";
  return param !== "" && param !== "model";
}

/** The prompt itself, by its path: `messages[2].content`, `input`, `contents[0].parts[0].text`. */
const PROMPT_PATH =
  /^(?:body[.])?(?:messages|input|inputs|contents?|prompt|system|instructions|input_tokens)\b(?:[.[\]\d]|content|text|parts|output|arguments|function|tool_calls|input|tool_result)*$/i;
/** The path of a field at the beginning of a message, as OpenAI, Anthropic and Gemini write it. */
const LEADING_PATH =
  /^(?:\* )?(?:invalid (?:(?:value|type) (?:for|at) )?)?['"`]?(?:GenerateContentRequest[.])?((?:tools|messages|input|contents|system|functions|user|metadata|response_format|text|tool_choice|stop|function_declarations)(?:[.[]\w+\]?){0,12})['"`]?(?::| \()/i;

/** The field that the beginning of a message names; undefined without one. */
export function leadingPath(message: string): string | undefined {
  return LEADING_PATH.exec(message.slice(0, 400))?.[1];
}

/** Whether the field is text of the conversation, of which less could be sent. */
export function isPromptPath(path: string): boolean {
  return PROMPT_PATH.test(path);
}
