import { anthropicErrorBody } from "#lib/apis/anthropic-error.ts";
import { jsonRpcErrorBody } from "#lib/apis/mcp/error.ts";
import { nativeErrorBody } from "#lib/apis/native/error.ts";
import { openAiErrorBody } from "#lib/apis/openai-error.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { type GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** Headers of every API answer. */
export const API_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** The shape of a route's errors. */
export type ErrorShape = "native" | "openai" | "anthropic" | "jsonrpc";

type Shape = {
  /** A failure as the body of an answer. */
  body(error: GatewayError, requestId: string): object;
  /** The header in which clients of this shape expect the request's id, beside `x-request-id`. */
  requestIdHeader?: string;
  /** What a refused credential is told in `WWW-Authenticate`. */
  challenge?: string;
};

export const ERROR_SHAPES: Readonly<Record<ErrorShape, Shape>> = {
  native: { body: nativeErrorBody },
  openai: { body: openAiErrorBody },
  anthropic: { body: anthropicErrorBody, requestIdHeader: "request-id" },
  jsonrpc: { body: jsonRpcErrorBody, challenge: "Bearer" },
};

/** A failure as an answer; in the shape of the native routes, unless another one is named. */
export function errorResponse(
  thrown: unknown,
  requestId: string,
  shape: ErrorShape = "native",
): PlainResponse {
  const error = toGatewayError(thrown);
  const { body, challenge } = ERROR_SHAPES[shape];
  return jsonResponse(body(error, requestId), {
    status: error.status,
    headers: {
      ...API_HEADERS,
      ...retryAfter(error),
      ...(challenge !== undefined && error.status === 401 ? { "www-authenticate": challenge } : {}),
    },
  });
}

function retryAfter(error: GatewayError): Record<string, string> {
  return error.retryAfterSeconds === undefined
    ? {}
    : { "retry-after": String(Math.ceil(error.retryAfterSeconds)) };
}
