import { field, stringField } from "#lib/shared/json.ts";

/**
 * The closed table of error codes: every failure that can reach a client is one of these.
 * The HTTP status belongs to the code, so that the edge never decides it again.
 */
export const ERROR_STATUS = {
  invalid_request: 400,
  content_policy: 400,
  engines_refused: 400,
  context_length_exceeded: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  unknown_url: 404,
  model_not_found: 404,
  no_engine_configured: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  quota_exceeded: 429,
  rate_limited: 429,
  budget_exceeded: 429,
  too_many_auth_failures: 429,
  client_closed_request: 499,
  internal_error: 500,
  stream_interrupted: 502,
  plugin_failed: 502,
  engines_unavailable: 503,
  not_configured: 503,
  database_unavailable: 503,
  storage_unavailable: 503,
  overloaded: 503,
  plugin_timeout: 504,
  step_timeout: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The errors of engines, and whether the same request may succeed when it is sent again. */
const RETRYABLE: Partial<Record<ErrorCode, boolean>> = {
  content_policy: false,
  engines_refused: false,
  context_length_exceeded: false,
  model_not_found: false,
  no_engine_configured: false,
  engines_unavailable: true,
  stream_interrupted: true,
};

export type GatewayErrorOptions = {
  /** Seconds after which a retry can succeed; becomes `Retry-After` and `retryAfter`. */
  retryAfterSeconds?: number | undefined;
  /** Whether the same request may succeed, if the code alone does not decide it. */
  retryable?: boolean | undefined;
  /** Machine-readable detail that is safe to show the client. */
  details?: unknown;
  /** The cause, for the operator's log only. */
  cause?: unknown;
};

/** The one base class of failures that a client may see: `message` is written for the client. */
export class GatewayError extends Error {
  override readonly name: string = "GatewayError";
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;
  /** Whether the same request may succeed when it is sent again; undefined if that is no matter of engines. */
  readonly retryable: boolean | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = options.details;
    const known = field(options.details, "retryable");
    this.retryable = options.retryable ?? (typeof known === "boolean" ? known : RETRYABLE[code]);
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** What the error objects of engines' errors say beside the message: whether to try again, why it broke off. */
export type RetryFields = { retryable?: boolean; reason?: string };

export function retryFields({ retryable, details }: GatewayError): RetryFields {
  if (retryable === undefined) return {};
  const reason = stringField(details, "continuation");
  return reason === undefined ? { retryable } : { retryable, reason };
}

/** Any thrown value as a GatewayError; what is unknown becomes `internal_error` with its cause kept. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(
    "internal_error",
    "Something went wrong on our side. Try again; if it persists, report the request id.",
    {
      cause: thrown,
    },
  );
}
