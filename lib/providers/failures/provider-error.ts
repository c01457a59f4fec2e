import { type ProviderError, readProviderError } from "#lib/providers/failures/error-body.ts";
import {
  BAD_REQUEST_CODES,
  CONTENT_POLICY,
  CONTENT_POLICY_CODES,
  CONTEXT_LENGTH,
  CONTEXT_LENGTH_CODES,
  EXCEEDS_CREDIT,
  INSUFFICIENT_FUNDS_CODES,
  isAboutRequest,
  KEY_REJECTED,
  KEY_REJECTED_CODES,
  MAX_PROSE,
  MENTIONS_CREDIT,
  MENTIONS_MODEL,
  MODEL_FORBIDDEN,
  MODEL_GONE,
  MODEL_GONE_CODES,
  NO_CREDIT,
  ownWords,
  PATHS,
  STATUS_BY_CODE,
  UNSUPPORTED,
  WRONG_ADDRESS,
  WRONG_ADDRESS_CODES,
} from "#lib/providers/failures/error-vocabulary.ts";
import type { Failure, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import { type HeaderLookup, readRetryHint } from "#lib/providers/failures/retry-hint.ts";
import { publicReason } from "#lib/shared/redact.ts";

function hasCode(error: ProviderError | undefined, set: ReadonlySet<string>): boolean {
  return error?.codes.some((word) => set.has(word)) ?? false;
}

/** The kind by the provider's error codes, which a request cannot influence. */
function kindOfCodes(error: ProviderError | undefined): FailureKind | undefined {
  if (hasCode(error, KEY_REJECTED_CODES)) return "key_rejected";
  if (hasCode(error, MODEL_GONE_CODES)) return "model_gone";
  if (error?.moderated || hasCode(error, CONTENT_POLICY_CODES)) return "content_policy";
  return hasCode(error, CONTEXT_LENGTH_CODES) ? "context_length" : undefined;
}

/** 400, 422 and other 4xx. */
function kindOfRefusal(error: ProviderError | undefined, prose: string): FailureKind {
  const known = kindOfCodes(error);
  if (known !== undefined) return known;
  if (namesOtherParam(error) || hasCode(error, BAD_REQUEST_CODES)) return "refused";
  if (KEY_REJECTED.test(prose) || NO_CREDIT.test(prose)) return "key_rejected";
  if (MODEL_GONE.test(prose)) return "model_gone";
  if (CONTENT_POLICY.test(prose)) return "content_policy";
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

function namesOtherParam(error: ProviderError | undefined): boolean {
  const param = error?.param ?? "";
  return param !== "" && param !== "model";
}

function kindOf(status: number, error: ProviderError | undefined, isHtml: boolean): FailureKind {
  if (hasCode(error, INSUFFICIENT_FUNDS_CODES)) return "key_rejected";
  const prose = ownWords(error?.message ?? "");
  switch (status) {
    case 401:
      return "key_rejected";
    case 402:
      return EXCEEDS_CREDIT.test(prose) ? "refused" : "key_rejected";
    case 403:
      return kindOfForbidden(error, prose, isHtml);
    case 404:
    case 410:
      // A web page means a wrong address or a proxy's error, not that the model is gone.
      if (isHtml) return "bad_response";
      if (hasCode(error, MODEL_GONE_CODES) || isAboutAddress(error, prose)) return "model_gone";
      return UNSUPPORTED.test(prose) || namesOtherParam(error) || isAboutRequest(prose)
        ? "refused"
        : "model_gone";
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

function isAboutAddress(error: ProviderError | undefined, prose: string): boolean {
  return hasCode(error, WRONG_ADDRESS_CODES) || WRONG_ADDRESS.test(prose);
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
      const isMoney = status === 402 || hasCode(error, INSUFFICIENT_FUNDS_CODES) || NO_CREDIT.test(prose);
      const isSaid = (status === 401 || status === 403) && MENTIONS_CREDIT.test(prose);
      return isMoney || isSaid ? "no_credit" : undefined;
    }
    case "model_gone":
      // 410 says that the model existed; only 404 can mean a wrong address.
      return status === 404 && !isAboutModel(error, prose, model) ? "wrong_address" : undefined;
    case "bad_response":
      return "wrong_address";
    default:
      return undefined;
  }
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
