import { accountProblem } from "#lib/providers/failures/account-fault.ts";
import { type ProviderError, readProviderError } from "#lib/providers/failures/error-body.ts";
import {
  BAD_REQUEST_CODES,
  CONTENT_POLICY,
  CONTENT_POLICY_CODES,
  CONTEXT_LENGTH,
  CONTEXT_LENGTH_CODES,
  hasCode,
  isAboutRequest,
  isPromptPath,
  KEY_REJECTED,
  KEY_REJECTED_CODES,
  leadingPath,
  MAX_PROSE,
  MENTIONS_MODEL,
  MODEL_FORBIDDEN,
  MODEL_GONE,
  MODEL_GONE_CODES,
  namesOtherParam,
  ownWords,
  PATHS,
  STATUS_BY_CODE,
  TOO_LONG_CODES,
  WRONG_ADDRESS,
  WRONG_ADDRESS_CODES,
} from "#lib/providers/failures/error-vocabulary.ts";
import type { Failure, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import { type CapRefusal, limitAfter, readCapRefusal } from "#lib/providers/failures/output-cap.ts";
import { excessOverLimit, requestFault } from "#lib/providers/failures/request-fault.ts";
import { NO_OPTIONS, type RequestOptions } from "#lib/providers/failures/request-options.ts";
import { type HeaderLookup, readRetryHint, untilNextDay } from "#lib/providers/failures/retry-hint.ts";
import { publicReason } from "#lib/shared/redact.ts";

/** The kind by the provider's error codes, which a request cannot influence. */
function kindOfCodes(error: ProviderError | undefined): FailureKind | undefined {
  if (hasCode(error, KEY_REJECTED_CODES)) return "key_rejected";
  if (hasCode(error, MODEL_GONE_CODES)) return "model_gone";
  if (error?.moderated || hasCode(error, CONTENT_POLICY_CODES)) return "content_policy";
  if (hasCode(error, CONTEXT_LENGTH_CODES)) return "context_length";
  if (!hasCode(error, TOO_LONG_CODES)) return undefined;
  // Only a shorter prompt would help a client that shortens its conversation.
  return isPromptPath(error?.param ?? "") ? "context_length" : "refused";
}

/** 400, 422 and other 4xx. */
function kindOfRefusal(error: ProviderError | undefined, prose: string): FailureKind {
  const known = kindOfCodes(error);
  if (known !== undefined) return known;
  const isBadField = namesOtherParam(error) || hasCode(error, BAD_REQUEST_CODES);
  if (isBadField && !isPromptPath(error?.param ?? "")) return "refused";
  if (!isBadField) {
    if (KEY_REJECTED.test(prose)) return "key_rejected";
    if (MODEL_GONE.test(prose)) return "model_gone";
    if (CONTENT_POLICY.test(prose)) return "content_policy";
  }
  return CONTEXT_LENGTH.test(prose) ? "context_length" : "refused";
}

function kindOfForbidden(error: ProviderError | undefined, prose: string, isHtml: boolean): FailureKind {
  // A firewall's page: it objects to the request and knows neither key nor model.
  if (isHtml) return "no_answer";
  if (error?.moderated || hasCode(error, CONTENT_POLICY_CODES)) return "content_policy";
  if (hasCode(error, MODEL_GONE_CODES)) return "model_forbidden";
  if (hasCode(error, KEY_REJECTED_CODES)) return "key_rejected";
  if (CONTENT_POLICY.test(prose)) return "content_policy";
  if (namesOtherParam(error) || isAboutRequest(prose)) return "refused";
  return MODEL_FORBIDDEN.test(prose) ? "model_forbidden" : "key_rejected";
}

function kindOf(
  status: number,
  error: ProviderError | undefined,
  prose: string,
  isHtml: boolean,
): FailureKind {
  switch (status) {
    case 401:
      return "key_rejected";
    case 403:
      return kindOfForbidden(error, prose, isHtml);
    case 404:
    case 410:
      // A web page means a wrong address or a proxy's error, not that the model is gone.
      if (isHtml) return "bad_response";
      if (hasCode(error, MODEL_GONE_CODES) || isAboutAddress(error, prose)) return "model_gone";
      return namesOtherParam(error) || isAboutRequest(prose) ? "refused" : "model_gone";
    case 405:
      // An API that exists at this address accepts the method.
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

type Verdict = { kind: FailureKind; problem?: FailureProblem };

/** Whose fault it is: the account's, this one request's, or else what the status says. */
function verdictOf(
  status: number,
  error: ProviderError | undefined,
  isHtml: boolean,
  context: ErrorContext,
  hasHint: boolean,
): Verdict {
  const prose = ownWords(error?.message ?? "");
  const said = { status, error, prose, options: context.options?.() ?? NO_OPTIONS };
  const caused = requestFault(said, hasHint);
  // A request that is too large for what is left is no account without anything.
  const account = caused === undefined || caused === "rate_limited" ? accountProblem(said) : undefined;
  if (account !== undefined && !isHtml) return { kind: "account", problem: account };
  const kind = caused ?? kindOf(status, error, prose, isHtml);
  const isElsewhere =
    // 410 says that the model existed; only 404 can mean a wrong address.
    kind === "bad_response" ||
    (kind === "model_gone" && status === 404 && !isAboutModel(error, prose, context.model));
  return isElsewhere ? { kind, problem: "wrong_address" } : { kind };
}

function isAboutAddress(error: ProviderError | undefined, prose: string): boolean {
  return hasCode(error, WRONG_ADDRESS_CODES) || WRONG_ADDRESS.test(prose);
}

function isAboutModel(error: ProviderError | undefined, prose: string, model: string | undefined): boolean {
  if (hasCode(error, MODEL_GONE_CODES) || error?.param === "model") return true;
  if (isAboutAddress(error, prose)) return false;
  const message = (error?.message ?? "").slice(0, MAX_PROSE).replace(PATHS, "");
  return MENTIONS_MODEL.test(prose.replace(PATHS, "")) || (model !== undefined && message.includes(model));
}

export type ErrorContext = {
  header: HeaderLookup;
  /** Wall clock, milliseconds since the epoch, for hints that are dates. */
  wallNow: number;
  /** The key that was sent: redacted, even if the provider echoes it. */
  secrets: readonly string[];
  /** The requested model, as the provider expects it. */
  model?: string;
  /** What the request asked for that others do not. */
  options?: () => RequestOptions;
};

function failureOf(status: number, body: unknown, isHtml: boolean, context: ErrorContext): Failure {
  const error = withParam(readProviderError(body), status);
  const message = error?.message ?? "";
  const given = readRetryHint(context.header, body, message, context.wallNow);
  const verdict = verdictOf(status, error, isHtml, context, given !== undefined);
  const hint = verdict.problem === "daily_allowance" ? untilNextDay(context.wallNow) : given;
  const words = publicReason(
    message === "" ? `The provider answered with status ${status}.` : message,
    context.secrets,
  );
  const failure: Failure = { ...verdict, status, reason: words };
  const cap = capRefusalOf(verdict.kind, message, error);
  // What does not fit beside this prompt fits beside a shorter one.
  if (cap?.kind === "room" && failure.kind === "refused") failure.kind = "context_length";
  const sent = context.options?.().outputCap;
  const limit = cap === undefined || sent === undefined ? undefined : limitAfter(cap, sent);
  if (limit !== undefined) failure.outputLimit = limit;
  if (failure.kind === "oversized") {
    // The client hears of its request, the operator of the account.
    failure.reason = OVERSIZED;
    failure.detail = words;
  }
  if (hint !== undefined) failure.retryAfterMs = hint;
  if (error?.param !== undefined) failure.param = publicReason(error.param, context.secrets);
  return failure;
}

const OVERSIZED = "The request is larger than the provider takes from this gateway at once.";

/** The error with the field that the beginning of its message names, if it does not say it otherwise. */
function withParam(error: ProviderError | undefined, status: number): ProviderError | undefined {
  if (error === undefined || error.param !== undefined || status >= 500) return error;
  const param = leadingPath(error.message);
  return param === undefined ? error : { ...error, param };
}

function capRefusalOf(
  kind: FailureKind,
  message: string,
  error: ProviderError | undefined,
): CapRefusal | undefined {
  switch (kind) {
    case "oversized": {
      const excess = excessOverLimit(message);
      return excess === undefined ? readCapRefusal(message, undefined) : { kind: "excess", tokens: excess };
    }
    case "refused":
    case "context_length":
      return readCapRefusal(message, error?.param);
    default:
      return undefined;
  }
}

/** HTML, or the one-line message of Cloudflare's firewall. */
const WEB_PAGE = /^\s*(?:<|error code: 1\d{3}\b)/;

/** Classifies an answer with an HTTP status other than 2xx. */
export function classifyHttpError(
  status: number,
  bodyText: string,
  body: unknown,
  context: ErrorContext,
): Failure {
  return failureOf(status, body, WEB_PAGE.test(bodyText), context);
}

/**
 * Classifies an error object inside a 200 by its code. Without one it counts as 500, or as 404 if it says
 * that there is no such route (LM Studio).
 */
export function classifyErrorObject(body: unknown, context: ErrorContext): Failure {
  const error = readProviderError(body);
  const status =
    error?.status ??
    error?.codes.map((word) => STATUS_BY_CODE.get(word)).find((found) => found !== undefined);
  const isElsewhere = isAboutAddress(error, ownWords(error?.message ?? ""));
  return failureOf(status ?? (isElsewhere ? 404 : 500), body, false, context);
}
