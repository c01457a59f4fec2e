import type { GatewayError } from "#lib/shared/errors.ts";

/** A failure in the shape of the native routes. */
export function nativeErrorBody(error: GatewayError, requestId: string): object {
  const body: Record<string, unknown> = { code: error.code, message: error.message, requestId };
  if (error.details !== undefined) body["details"] = error.details;
  return { error: body };
}
