import type { OutputLimit } from "#lib/providers/failures/output-cap.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * Why an attempt gave no answer. What each kind means for the engine, its key and the request is
 * decided in one place, `policyOf`.
 */
export type FailureKind =
  /** 429. */
  | "rate_limited"
  /** 401, 403: the key is wrong or not allowed. */
  | "key_rejected"
  /** The operator's account at the provider cannot have this; `problem` says why. Never shown to a client. */
  | "account"
  /** 403 about one model or its licence. */
  | "model_forbidden"
  /** 404, 410: the model does not exist (any more). */
  | "model_gone"
  /** 5xx (also 529), 408, 409, 425, 498, 499: the provider is in trouble. */
  | "server_error"
  /** 400, 422, 501: this engine cannot take this request. */
  | "refused"
  /** This one request is larger than the account's whole limit or its remaining credit; others are not. */
  | "oversized"
  /** 413, or 400 for this reason: like `refused`, but because the prompt exceeds the context window. */
  | "context_length"
  /** The provider declines the content itself. */
  | "content_policy"
  /** No connection: refused, DNS, TLS, connect timeout. */
  | "connect"
  /** The connection broke before the answer was complete. */
  | "reset"
  /** No first token, whole answer or next token in time. */
  | "timeout"
  /** An empty answer or an unreadable tool call, which the request may well have caused. */
  | "no_answer"
  /** Not a valid answer: a web page, broken HTTP, a line or a body beyond the limit. */
  | "bad_response"
  /** The stream ended before a finish reason. */
  | "truncated";

/** A detail of a failure's kind that an operator needs in order to fix the right thing. */
export type FailureProblem =
  /** With `account`: no credit, or a spending limit is reached. The key is benched. */
  | "no_credit"
  /** With `account`: what it may use a day for nothing is used up. The key is benched until the next day, an hour at most. */
  | "daily_allowance"
  /** With `account`: suspended, restricted or deactivated. The key is benched. */
  | "account_disabled"
  /** With `account`: not served from where the gateway runs. All models of the provider are benched. */
  | "region"
  /** With `account`: its privacy settings or allow-lists leave no host. The model is benched. */
  | "data_policy"
  /** With `account`: the model is not enabled for it. The model is benched. */
  | "not_enabled"
  /** A 404 that does not mention a model: no API answers at this address, so the base URL is wrong. */
  | "wrong_address";

export type Failure = {
  kind: FailureKind;
  problem?: FailureProblem;
  /** HTTP status, if there was one. */
  status?: number;
  /** The provider's retry hint, milliseconds, clamped to 1 s..1 h. */
  retryAfterMs?: number;
  /** The provider's reason: redacted, at most 500 characters; safe for a client. */
  reason: string;
  /** For `refused`: the part of the request that the provider named, if any. */
  param?: string;
  /** The output cap was refused: with this one the request would be answered. */
  outputLimit?: OutputLimit;
  /** For the operator's log only: an error code and the address. */
  detail?: string;
  /** For the operator's log only. */
  cause?: unknown;
};

/** The part of a failure that may outlive its request: it references no socket and no error object. */
export type FailureCause = Pick<Failure, "kind" | "problem" | "status" | "reason" | "detail">;

type MaybeUndefined<Fields> = {
  [Name in keyof Fields]: undefined extends Fields[Name] ? Fields[Name] | undefined : Fields[Name];
};

/** The fields of `FailureCause` that are known; a parsed one may hold others as undefined. */
export function causeOf({
  kind,
  problem,
  status,
  reason,
  detail,
}: MaybeUndefined<FailureCause>): FailureCause {
  return {
    kind,
    reason,
    ...(problem === undefined ? {} : { problem }),
    ...(status === undefined ? {} : { status }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Throwable form of a failure, for code that cannot return one. */
export class EngineFailure extends GatewayError {
  override readonly name = "EngineFailure";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super("stream_interrupted", failure.reason, failure.cause === undefined ? {} : { cause: failure.cause });
    this.failure = failure;
  }
}

/** An answer that is none; `reason` says what is wrong with it, for the client too. */
export function badResponse(reason: string): EngineFailure {
  return new EngineFailure({ kind: "bad_response", reason });
}

export type FailurePolicy = {
  /**
   * What to try next: another `key` of the same engine, the next `engine`, or nothing (`answer`: the
   * failure itself is the answer).
   */
  next: "key" | "engine" | "answer";
  /** What is benched. */
  bench: "none" | "key_and_model" | "key" | "model" | "dead_model" | "provider";
  /** Which breaker counts it. */
  breaker: "none" | "model" | "origin";
  /** A named engine is tried once more on it. */
  transient: boolean;
  /** If every engine that was called refused, the client gets the first provider's reason. */
  refusal: boolean;
};

const TRANSIENT_MODEL = {
  next: "engine",
  bench: "none",
  breaker: "model",
  transient: true,
  refusal: false,
} as const satisfies FailurePolicy;

/** The rules of failover, one row a kind of failure. */
export const FAILURE_POLICY: Record<FailureKind, FailurePolicy> = {
  rate_limited: { next: "key", bench: "key_and_model", breaker: "none", transient: true, refusal: false },
  key_rejected: { next: "key", bench: "key", breaker: "none", transient: false, refusal: false },
  // What is benched depends on the problem: `policyOf`.
  account: { next: "key", bench: "key", breaker: "none", transient: false, refusal: false },
  model_forbidden: { next: "engine", bench: "model", breaker: "none", transient: false, refusal: false },
  model_gone: { next: "engine", bench: "dead_model", breaker: "none", transient: false, refusal: false },
  server_error: TRANSIENT_MODEL,
  refused: { next: "engine", bench: "none", breaker: "none", transient: false, refusal: true },
  oversized: { next: "engine", bench: "none", breaker: "none", transient: false, refusal: true },
  context_length: { next: "engine", bench: "none", breaker: "none", transient: false, refusal: true },
  content_policy: { next: "answer", bench: "none", breaker: "none", transient: false, refusal: false },
  connect: { next: "engine", bench: "none", breaker: "origin", transient: false, refusal: false },
  // `reset`, `truncated` and `bad_response` count like a 5xx: a provider that accepts every request and cuts
  // every answer must be skipped too. The origin was reached, so its breaker does not count them.
  reset: TRANSIENT_MODEL,
  timeout: { ...TRANSIENT_MODEL, transient: false },
  // A client can cause this at will: if it counted, five requests would block the engine for everybody.
  no_answer: { next: "engine", bench: "none", breaker: "none", transient: false, refusal: false },
  bad_response: { ...TRANSIENT_MODEL, transient: false },
  truncated: { ...TRANSIENT_MODEL, transient: false },
};

/** What is benched for an account fault, where it is not the key. */
const ACCOUNT_BENCH: Partial<Record<FailureProblem, FailurePolicy["bench"]>> = {
  region: "provider",
  data_policy: "model",
  not_enabled: "model",
};

/** The rules for one failure. */
export function policyOf({ kind, problem }: Pick<Failure, "kind" | "problem">): FailurePolicy {
  const policy = FAILURE_POLICY[kind];
  if (kind !== "account" || problem === undefined) return policy;
  const bench = ACCOUNT_BENCH[problem];
  return bench === undefined ? policy : { ...policy, next: "engine", bench };
}
