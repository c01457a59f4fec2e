import { type ErrorCode, type GatewayError, type RetryFields, retryFields } from "#lib/shared/errors.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

export type OpenAiError = {
  error: { message: string; type: string; param: string | null; code: string } & RetryFields;
};

/** OpenAI's types and codes for our codes, if it has its own, which SDKs and their users rely on. */
const WORDS: Partial<Record<ErrorCode, { type: string; code: string }>> = {
  unauthorized: { type: "authentication_error", code: "invalid_api_key" },
  forbidden: { type: "permission_error", code: "forbidden" },
  rate_limited: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  too_many_auth_failures: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  quota_exceeded: { type: "insufficient_quota", code: "insufficient_quota" },
  budget_exceeded: { type: "insufficient_quota", code: "insufficient_quota" },
  content_policy: { type: "invalid_request_error", code: "content_policy_violation" },
};

/** An error in OpenAI's format. */
export function openAiErrorBody(error: GatewayError): OpenAiError {
  const words = WORDS[error.code] ?? {
    type: error.status >= 500 ? "server_error" : "invalid_request_error",
    code: error.code,
  };
  return { error: { message: error.message, ...words, param: paramOf(error), ...retryFields(error) } };
}

/** The field that is at fault, if known. */
function paramOf({ details }: GatewayError): string | null {
  const param = stringField(details, "param");
  if (param !== undefined) return param;
  const [issue] = arrayField(details, "issues");
  const name = field(issue, "field");
  return typeof name === "string" && name !== "" ? name : null;
}
