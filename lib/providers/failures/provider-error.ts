import type { Failure, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import { type HeaderLookup, readRetryHint } from "#lib/providers/failures/retry-hint.ts";
import { arrayField, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";
import { publicReason } from "#lib/shared/redact.ts";

/** What the providers' error bodies have in common, once their ten shapes are told apart. */
type ProviderError = {
  message: string;
  /** Every word the provider uses to name the error: code, type, status. */
  words: string[];
  /** An HTTP status in the body, where one is. */
  status: number | undefined;
  param: string | undefined;
  /** OpenRouter's moderation details. */
  moderated: boolean;
};

/** Statuses behind the error words of Anthropic, Google and OpenAI, for errors inside a 200. */
const STATUS_OF_WORD: ReadonlyMap<string, number> = new Map([
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

const MODEL_GONE_WORDS = new Set([
  "model_not_found",
  "model_decommissioned",
  "invalid_model",
  "model_not_active",
]);
const OUT_OF_MONEY_WORDS = new Set(["insufficient_quota", "billing_error", "billing_hard_limit_reached"]);
const KEY_WORDS = new Set(["invalid_api_key", "API_KEY_INVALID", "authentication_error"]);
const POLICY_WORDS = new Set([
  "content_policy_violation",
  "content_filter",
  "ResponsibleAIPolicyViolation",
  "moderation_blocked",
  "PROHIBITED_CONTENT",
]);
const CONTEXT_WORDS = new Set(["context_length_exceeded", "string_above_max_length", "request_too_large"]);
/** The request is to blame, whatever the sentence beside the word says. */
const REQUEST_WORDS = new Set([
  "invalid_value",
  "invalid_type",
  "unsupported_value",
  "unsupported_parameter",
  "unknown_parameter",
  "missing_required_parameter",
  "wrong_api_format",
  "extra_forbidden",
]);

const POLICY_TEXT =
  /content (?:management )?policy|flagged (?:as|by|for)|moderation|safety system|responsible ai/i;
const CONTEXT_TEXT =
  /context[ _](?:length|window)|maximum context|prompt is too long|too many tokens|input token count|reduce the length of|exceeds? the (?:maximum|model'?s).{0,40}tokens/i;
/**
 * What benches a key or a model for everybody is believed only where a sentence of the provider's own
 * begins with it: further on it may be the request's, echoed.
 */
const MODEL_GONE_TEXT =
  /^(?:(?:the |this |requested )*models?\b[ :/]*\S{0,120} *(?:is |was |has been )?(?:not found|does not exist|decommissioned|no longer (?:available|supported)|removed|retired|deprecated)|\S{0,120} ?is not a valid model|unknown model|invalid model)/i;
const KEY_TEXT =
  /^(?:the |your )*(?:api[ _]key (?:is )?(?:not valid|invalid|expired)|(?:invalid|incorrect) api[ _]key)/i;
/** The account, in the provider's own words (Anthropic says so with a 400). */
const NO_CREDIT_TEXT =
  /^(?:the |your )*(?:credit balance (?:is )?too low|(?:account|organi[sz]ation|balance) (?:has|does not have|is) (?:an? )?(?:insufficient|not enough|enough|sufficient|no|too low|out of)\b|insufficient (?:credits?|balance|funds))/i;
/** Beside a 401, 402 or 403, which are about key or account whatever they say. */
const MENTIONS_CREDIT = /\bcredits?\b|\bbalance\b|\bbilling\b|\bpayments?\b|\bfunds\b/i;
/** A router's "no such route": the request came to an address where no API answers. */
const ADDRESS_WORDS = new Set(["unknown_url", "route_not_found", "path_not_found"]);
const ADDRESS_TEXT =
  /^(?:(?:unknown|invalid|unrecogni[sz]ed) (?:request )?url\b[ :(]*(?:POST|GET)\b|cannot (?:POST|GET)\b|no route\b|unexpected endpoint\b|(?:the )?requested (?:url|path|resource|endpoint|route)\b)/i;
/** Whether a "not found" is about the model; OpenRouter says "endpoint", Azure "deployment". */
const SPEAKS_OF_MODEL = /\bmodels?\b|\bdeployments?\b|\bendpoints? found for\b/i;
const PATHS = /(?<!\S)\/\S+/g;
/** OpenRouter's 404 for a model that is there, but does not take images or tools. */
const UNSUPPORTED_TEXT = /no endpoints found that support/i;
/** What is said of the model is not said of the key. */
const MODEL_FORBIDDEN_TEXT = /licen[cs]e|terms of use|\bmodels?\b/i;
/** OpenRouter's 402 for a request that costs more than is left: a smaller one would be answered. */
const TOO_DEAR_TEXT =
  /\bmax_tokens\b|prompt tokens limit|(?:fewer|smaller|shorter|reduce).{0,40}(?:prompt|tokens)/i;
/** What a sentence names first is what it is about. */
const SUBJECT_TEXT =
  /\b(?:(models?|endpoints?|deployments?|api[ _]keys?|accounts?|organi[sz]ations?|projects?)|files?|documents?|attachments?|images?|audio|videos?|urls?|tools?|functions?|containers?|assistants?|threads?|conversations?|batch(?:es)?|vector stores?|cached contents?)\b/i;

/** This much of a message is looked at. */
const LONGEST_PROSE = 4_000;
/** Quoted spans, also one that was cut; an apostrophe neither begins nor ends one. */
const QUOTED =
  /(?<![\w])'(?:[^']|'(?=\w))*(?:'|$)|"(?:[^"\\]|\\.)*(?:["\\]|$)|`[^`]*(?:`|$)|“[^”]*(?:”|$)|‘[^’]*(?:’|$)/gs;
const URLS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi;

/** A message without what it quotes: providers echo the request, and a request must not speak for them. */
function ownWords(message: string): string {
  return message.slice(0, LONGEST_PROSE).replace(URLS, "url").replace(QUOTED, "").trim();
}

/** Whether a message is about something that the request brought, not about the model or the key. */
function isAboutRequest(prose: string): boolean {
  const subject = SUBJECT_TEXT.exec(prose);
  return subject !== null && subject[1] === undefined;
}

function words(...values: unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}

function bodyStatus(...values: unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && number >= 400 && number <= 599) return number;
  }
  return undefined;
}

const DEEPEST_MESSAGE = 8;
const MOST_MESSAGES = 20;

/** The text of a message that may be a string, an object with details, or a list of either. */
function messageText(value: unknown, depth = 0): string {
  if (typeof value === "string") return value;
  if (depth > DEEPEST_MESSAGE) return "";
  if (Array.isArray(value)) {
    return value
      .slice(0, MOST_MESSAGES)
      .map((item) => messageText(item, depth + 1))
      .filter(Boolean)
      .join("; ");
  }
  if (!isJsonObject(value)) return "";
  const steps = arrayField(value, "loc").filter(
    (step) => typeof step === "string" || typeof step === "number",
  );
  const location = steps.join(".");
  const text = messageText(value["msg"] ?? value["message"] ?? value["detail"] ?? value["reason"], depth + 1);
  return location === "" ? text : `${location}: ${text}`;
}

/** What OpenRouter passes on of the provider behind it: text, or that provider's own error as JSON. */
function rawMessage(raw: string | undefined): string | undefined {
  if (raw === undefined || !/^\s*[[{]/.test(raw)) return raw;
  return readProviderError(parseJson(raw))?.message ?? raw;
}

/** Reads any of the providers' error bodies; undefined when the body names no error. */
export function readProviderError(body: unknown): ProviderError | undefined {
  // Gemini's OpenAI-compatible endpoint and its plain streams wrap the object in an array.
  const outer = Array.isArray(body) ? body[0] : body;
  if (!isJsonObject(outer)) return undefined;
  const error = outer["error"];
  if (isJsonObject(error)) {
    const metadata = error["metadata"];
    const raw = rawMessage(stringField(metadata, "raw"));
    const details = arrayField(error, "details").map((detail) => stringField(detail, "reason"));
    return {
      message: [messageText(error["message"]), raw].filter(Boolean).join(": "),
      words: words(error["code"], error["type"], error["status"], ...details),
      status: bodyStatus(error["code"], error["status_code"], outer["status_code"], error["status"]),
      param: stringField(error, "param"),
      moderated: arrayField(metadata, "reasons").length > 0 || field(metadata, "flagged_input") !== undefined,
    };
  }
  if (typeof error === "string") {
    return {
      message: error,
      words: [],
      status: bodyStatus(outer["status_code"]),
      param: undefined,
      moderated: false,
    };
  }
  const message = messageText(outer["message"] ?? outer["detail"] ?? outer["errors"]);
  if (message === "") return undefined;
  return {
    message,
    words: words(outer["code"], outer["type"]),
    status: bodyStatus(outer["status_code"], outer["code"], outer["status"]),
    param: stringField(outer, "param"),
    moderated: false,
  };
}

function hasWord(error: ProviderError | undefined, set: ReadonlySet<string>): boolean {
  return error?.words.some((word) => set.has(word)) ?? false;
}

/** The words that providers use for an error, which no request can put into their mouths. */
function kindOfWords(error: ProviderError | undefined): FailureKind | undefined {
  if (hasWord(error, KEY_WORDS)) return "key_rejected";
  if (hasWord(error, MODEL_GONE_WORDS)) return "model_gone";
  if (error?.moderated || hasWord(error, POLICY_WORDS)) return "content_policy";
  return hasWord(error, CONTEXT_WORDS) ? "context_length" : undefined;
}

/** 400, 422 and their like. */
function kindOfRefusal(error: ProviderError | undefined, prose: string): FailureKind {
  const known = kindOfWords(error);
  if (known !== undefined) return known;
  if (namesOtherParam(error) || hasWord(error, REQUEST_WORDS)) return "refused";
  if (KEY_TEXT.test(prose) || NO_CREDIT_TEXT.test(prose)) return "key_rejected";
  if (MODEL_GONE_TEXT.test(prose)) return "model_gone";
  if (POLICY_TEXT.test(prose)) return "content_policy";
  return CONTEXT_TEXT.test(prose) ? "context_length" : "refused";
}

function kindOfForbidden(error: ProviderError | undefined, prose: string, isHtml: boolean): FailureKind {
  // A web firewall's page: it disliked what the request says, and knows neither key nor model.
  if (isHtml) return "no_answer";
  if (error?.moderated || hasWord(error, POLICY_WORDS)) return "content_policy";
  if (hasWord(error, MODEL_GONE_WORDS)) return "model_forbidden";
  if (hasWord(error, KEY_WORDS)) return "key_rejected";
  if (POLICY_TEXT.test(prose)) return "content_policy";
  if (namesOtherParam(error) || isAboutRequest(prose)) return "refused";
  return MODEL_FORBIDDEN_TEXT.test(prose) ? "model_forbidden" : "key_rejected";
}

function namesOtherParam(error: ProviderError | undefined): boolean {
  const param = error?.param ?? "";
  return param !== "" && param !== "model";
}

function kindOf(status: number, error: ProviderError | undefined, isHtml: boolean): FailureKind {
  if (hasWord(error, OUT_OF_MONEY_WORDS)) return "key_rejected";
  const prose = ownWords(error?.message ?? "");
  switch (status) {
    case 401:
      return "key_rejected";
    case 402:
      return TOO_DEAR_TEXT.test(prose) ? "refused" : "key_rejected";
    case 403:
      return kindOfForbidden(error, prose, isHtml);
    case 404:
    case 410:
      // A web page for an answer is a wrong address or a proxy's hiccup, not a model's obituary.
      if (isHtml) return "bad_response";
      if (hasWord(error, MODEL_GONE_WORDS) || isAboutAddress(error, prose)) return "model_gone";
      return UNSUPPORTED_TEXT.test(prose) || namesOtherParam(error) || isAboutRequest(prose)
        ? "refused"
        : "model_gone";
    case 405:
      // Nobody refuses a method at an address where an API answers.
      return "bad_response";
    case 408:
    case 409:
    case 425:
    case 498:
    case 499:
      return "server_error";
    case 413:
      return "context_length";
    case 429:
      return "rate_limited";
  }
  if (status >= 500) return "server_error";
  return status < 400 ? "bad_response" : kindOfRefusal(error, prose);
}

function isAboutAddress(error: ProviderError | undefined, prose: string): boolean {
  return hasWord(error, ADDRESS_WORDS) || ADDRESS_TEXT.test(prose);
}

function problemOf(
  kind: FailureKind,
  status: number,
  error: ProviderError | undefined,
  model: string | undefined,
): FailureProblem | undefined {
  const prose = ownWords(error?.message ?? "");
  switch (kind) {
    case "key_rejected": {
      const isMoney = status === 402 || hasWord(error, OUT_OF_MONEY_WORDS) || NO_CREDIT_TEXT.test(prose);
      const isSaid = (status === 401 || status === 403) && MENTIONS_CREDIT.test(prose);
      return isMoney || isSaid ? "no_credit" : undefined;
    }
    case "model_gone":
      // What is gone was there once: only a 404 can mean that nothing ever was.
      return status === 404 && !isAboutModel(error, prose, model) ? "wrong_address" : undefined;
    case "bad_response":
      return "wrong_address";
    default:
      return undefined;
  }
}

function isAboutModel(error: ProviderError | undefined, prose: string, model: string | undefined): boolean {
  if (hasWord(error, MODEL_GONE_WORDS) || error?.param === "model") return true;
  if (isAboutAddress(error, prose)) return false;
  const message = (error?.message ?? "").slice(0, LONGEST_PROSE).replace(PATHS, "");
  return SPEAKS_OF_MODEL.test(prose.replace(PATHS, "")) || (model !== undefined && message.includes(model));
}

export type ErrorContext = {
  header: HeaderLookup;
  /** Wall clock, milliseconds since the epoch, for hints that are dates. */
  wallNow: number;
  /** The key that was sent: never shown, even if the provider echoes it. */
  secrets: readonly string[];
  /** The model that was asked for, as the provider reads it. */
  model?: string;
};

function failureOf(status: number, body: unknown, isHtml: boolean, context: ErrorContext): Failure {
  const error = readProviderError(body);
  const message = error?.message ?? "";
  const failure: Failure = {
    kind: kindOf(status, error, isHtml),
    status,
    reason: publicReason(
      message === "" ? `The provider answered with status ${status}.` : message,
      context.secrets,
    ),
  };
  const problem = problemOf(failure.kind, status, error, context.model);
  if (problem !== undefined) failure.problem = problem;
  const hint = readRetryHint(context.header, body, message, context.wallNow);
  if (hint !== undefined) failure.retryAfterMs = hint;
  if (error?.param !== undefined) failure.param = publicReason(error.param, context.secrets);
  return failure;
}

/** HTML, or the one line that Cloudflare's firewall says to programs. */
const WEB_PAGE = /^\s*(?:<|error code: 1\d{3}\b)/;

/** The failure behind an HTTP status other than 2xx and its body. */
export function classifyHttpError(
  status: number,
  bodyText: string,
  body: unknown,
  context: ErrorContext,
): Failure {
  return failureOf(status, body, WEB_PAGE.test(bodyText), context);
}

/**
 * The failure behind an error object inside a 200, by the code it carries; 500 when it carries none, or 404
 * where it says that there is no such route (LM Studio).
 */
export function classifyErrorObject(body: unknown, context: ErrorContext): Failure {
  const error = readProviderError(body);
  const status =
    error?.status ??
    error?.words.map((word) => STATUS_OF_WORD.get(word)).find((found) => found !== undefined);
  const isElsewhere = isAboutAddress(error, ownWords(error?.message ?? ""));
  return failureOf(status ?? (isElsewhere ? 404 : 500), body, false, context);
}
