import { type GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** Headers of every API answer. */
export const API_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** A failure in the shape of the native routes. */
export function errorResponse(thrown: unknown, requestId: string): Response {
  const error = toGatewayError(thrown);
  const body: Record<string, unknown> = { code: error.code, message: error.message, requestId };
  if (error.details !== undefined) body["details"] = error.details;
  return Response.json(
    { error: body },
    { status: error.status, headers: { ...API_HEADERS, ...retryAfter(error) } },
  );
}

function retryAfter(error: GatewayError): Record<string, string> {
  return error.retryAfterSeconds === undefined
    ? {}
    : { "retry-after": String(Math.ceil(error.retryAfterSeconds)) };
}
