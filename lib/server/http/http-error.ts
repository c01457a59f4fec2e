import { anthropicErrorBody } from "#lib/apis/anthropic-error.ts";
import { openAiErrorBody } from "#lib/apis/openai-error.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { type GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** Headers of every API answer. */
export const API_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** A failure as the body of an answer; every public API has a shape of its own. */
export type ErrorBody = (error: GatewayError, requestId: string) => object;

export const nativeError: ErrorBody = (error, requestId) => {
  const body: Record<string, unknown> = { code: error.code, message: error.message, requestId };
  if (error.details !== undefined) body["details"] = error.details;
  return { error: body };
};

export const openAiError: ErrorBody = (error) => openAiErrorBody(error);

export const anthropicError: ErrorBody = (error, requestId) => anthropicErrorBody(error, requestId);

/** A failure as an answer; in the shape of the native routes, unless told otherwise. */
export function errorResponse(
  thrown: unknown,
  requestId: string,
  body: ErrorBody = nativeError,
): PlainResponse {
  const error = toGatewayError(thrown);
  return jsonResponse(body(error, requestId), {
    status: error.status,
    headers: { ...API_HEADERS, ...retryAfter(error) },
  });
}

function retryAfter(error: GatewayError): Record<string, string> {
  return error.retryAfterSeconds === undefined
    ? {}
    : { "retry-after": String(Math.ceil(error.retryAfterSeconds)) };
}
