import { type FailureCause, policyOf } from "#lib/providers/failures/failure.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** An engine that gave no answer in a walk. */
export type UnansweredEngine = {
  /** `provider/model`. */
  id: string;
  /** Undefined if the deadline came before its turn. */
  cause: FailureCause | undefined;
  /** The operator can install its model there. */
  isInstallable?: boolean;
};

/** The most engines that one message names. */
const MAX_NAMED = 5;

/** The error of an aborted request: the abort's reason, or that the client closed the request. */
export function abortError({ reason }: AbortSignal): GatewayError {
  return reason instanceof GatewayError ? reason : clientClosed(reason);
}

/** The error of a request whose client disconnected. */
export function clientClosed(cause?: unknown): GatewayError {
  return new GatewayError("client_closed_request", "The client closed the request.", { cause });
}

export function contentRefused({ reason }: FailureCause): GatewayError {
  return new GatewayError("content_policy", reason);
}

/** The error for a request that the engines refused, with the first provider's reason. */
export function requestRefused(refusals: readonly (FailureCause & { param?: string })[]): GatewayError {
  const first = refusals[0];
  // Clients that can shorten a conversation look for this code.
  const code = refusals.every(({ kind }) => kind === "context_length" || kind === "oversized")
    ? "context_length_exceeded"
    : "engines_refused";
  return new GatewayError(code, first?.reason ?? "The engines refused the request.", {
    details: first?.param === undefined ? undefined : { param: first.param },
  });
}

/** The error of an answer that broke off after its first content. */
export function interrupted(cause: GatewayError): GatewayError {
  const message =
    "The answer was interrupted and could not be continued. What has arrived so far is incomplete.";
  return new GatewayError("stream_interrupted", message, {
    cause,
    retryAfterSeconds: cause.retryAfterSeconds,
  });
}

export type Unanswered = {
  engines: readonly UnansweredEngine[];
  /** The caller named these engines, so the message gives the cause for each. */
  named: boolean;
  /** Upstream calls that were made. */
  calls: number;
  /** Seconds until the first of them may be called again; at least 1. */
  waitSeconds: number;
};

/**
 * No engine could answer: `engines_unavailable`, or `model_not_found` when their providers know none of the
 * models, and the caller named the engines or the models can be installed there.
 */
export function unavailable({ engines, named, calls, waitSeconds }: Unanswered): GatewayError {
  const areUnknown = engines.length > 0 && engines.every(isUnknownModel);
  const areInstallable = engines.every(({ isInstallable }) => isInstallable === true);
  if (areUnknown && (named || areInstallable)) return unknownModels(engines);
  const isLasting = engines.length > 0 && engines.every(({ cause }) => isOperatorsFault(cause));
  const wait = isLasting
    ? "Trying again does not help until an operator changes the configuration."
    : `Try again ${inWords(waitSeconds)}.`;
  const what = named ? namedCauses(engines) : generalCause(isLasting, calls);
  // A refusal beside faults of the operator's stays one: the same request comes to the same end.
  const retryable = engines.length === 0 || engines.some(({ cause }) => mayPass(cause));
  return new GatewayError("engines_unavailable", `${what} ${wait}`, {
    retryAfterSeconds: waitSeconds,
    retryable,
  });
}

/** The cause for clients that asked for a mode: they do not learn which engines it has. */
function generalCause(isLasting: boolean, calls: number): string {
  if (isLasting) return "No engine can answer: their providers reject the requests.";
  return calls === 0
    ? "Every engine is cooling down after a rate limit or an error."
    : "No engine could answer just now.";
}

function namedCauses(engines: readonly UnansweredEngine[]): string {
  const [only, ...others] = engines;
  if (only === undefined) return "No engine could answer.";
  if (others.length === 0) return sentence(only.cause);
  const causes = engines.slice(0, MAX_NAMED).map(({ id, cause }) => `${id}: ${sentence(cause)}`);
  const more = engines.length - causes.length;
  return more === 0 ? causes.join(" ") : `${causes.join(" ")} And ${more} more.`;
}

function unknownModels(engines: readonly UnansweredEngine[]): GatewayError {
  const ids = engines.slice(0, MAX_NAMED).map(({ id }) => `"${id}"`);
  const more = engines.length > ids.length ? " and others" : "";
  const [only] = engines;
  const words =
    engines.length === 1 && only?.cause !== undefined ? ` The provider says: ${only.cause.reason}` : "";
  return new GatewayError(
    "model_not_found",
    `The model ${ids.join(", ")}${more} does not exist at its provider.${words}`,
    { details: { param: "model" } },
  );
}

function isUnknownModel({ cause }: UnansweredEngine): boolean {
  return cause?.kind === "model_gone" && cause.problem === undefined;
}

/**
 * Whether only an operator can fix it: a key, an account, an address, the name of a model. An allowance of the day
 * comes back by itself.
 */
function isOperatorsFault(cause: FailureCause | undefined): boolean {
  if (cause?.problem === "daily_allowance") return false;
  switch (cause?.kind) {
    case "key_rejected":
    case "account":
    case "model_forbidden":
    case "model_gone":
      return true;
    default:
      return cause?.problem !== undefined;
  }
}

/** Whether the next call may have another outcome although nothing is changed. */
function mayPass(cause: FailureCause | undefined): boolean {
  return cause === undefined || !(isOperatorsFault(cause) || policyOf(cause).refusal);
}

/** Why one engine gave no answer, in words that are safe for clients: no key, no address, no provider text. */
function sentence(cause: FailureCause | undefined): string {
  switch (cause?.kind) {
    case undefined:
      return "The deadline passed before this engine could be called.";
    case "rate_limited":
      return "The provider's rate limit is reached.";
    case "key_rejected":
      return "The provider rejected its key.";
    case "account":
      return accountSentence(cause.problem);
    case "model_forbidden":
      return "The provider does not allow its account to use this model.";
    case "model_gone":
      return cause.problem === undefined ? "The provider does not know this model." : WRONG_ADDRESS;
    case "server_error":
      return cause.status === undefined
        ? "The provider has an internal error."
        : `The provider has an internal error (status ${cause.status}).`;
    case "refused":
    case "oversized":
    case "context_length":
    case "content_policy":
      return "The provider refused the request.";
    case "connect":
      return "The provider cannot be reached.";
    case "reset":
      return "The connection to the provider broke.";
    case "timeout":
      return "The provider did not answer in time.";
    case "no_answer":
      return "The provider's answer was empty.";
    case "bad_response":
      return cause.problem === undefined ? "The provider's answer could not be read." : WRONG_ADDRESS;
    case "truncated":
      return "The provider's answer was cut off.";
  }
}

/** The provider's own words, about bills and settings, are for the operator's log. */
function accountSentence(problem: FailureCause["problem"]): string {
  switch (problem) {
    case "no_credit":
      return "The provider's account has no credit.";
    case "daily_allowance":
      return "The provider's account has used up its allowance of the day.";
    case "region":
      return "The provider does not serve the region of this gateway.";
    case "data_policy":
    case "not_enabled":
      return "The provider does not allow its account to use this model.";
    case "account_disabled":
    case "wrong_address":
    case undefined:
      return "The provider does not serve its account at present.";
  }
}

const WRONG_ADDRESS = "No API answers at the provider's address.";

/** `in 5 seconds`, `in 2 minutes`, `in an hour`; rounded up. */
export function inWords(seconds: number): string {
  if (seconds <= 1) return "in a second";
  if (seconds < 60) return `in ${Math.ceil(seconds)} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes === 1) return "in a minute";
  return minutes < 60 ? `in ${minutes} minutes` : "in an hour";
}
