import { type ErrorCode, type GatewayError, type RetryFields, retryFields } from "#lib/shared/errors.ts";
import { stringField } from "#lib/shared/json.ts";

export type AnthropicError = {
  type: "error";
  error: {
    type: string;
    message: string;
    /** A stable name of the cause, if clients act on it. */
    details?: { error_code: string };
  } & RetryFields;
  request_id: string | null;
};

/** Anthropic's error types for the statuses that it documents. */
const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
};
const TYPES_OF_CODES: Partial<Record<ErrorCode, string>> = { budget_exceeded: "billing_error" };

/** An error in Anthropic's format. */
export function anthropicErrorBody(error: GatewayError, requestId: string | null): AnthropicError {
  const fallback = error.status >= 500 ? "api_error" : "invalid_request_error";
  const type = TYPES_OF_CODES[error.code] ?? TYPES[error.status] ?? fallback;
  const cause = stringField(error.details, "error_code");
  const details = cause === undefined ? {} : { details: { error_code: cause } };
  return {
    type: "error",
    error: { type, message: error.message, ...details, ...retryFields(error) },
    request_id: requestId,
  };
}
