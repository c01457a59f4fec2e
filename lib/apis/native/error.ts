import { type GatewayError, retryFields } from "#lib/shared/errors.ts";

/** An error in the format of the native routes. */
export function nativeErrorBody(error: GatewayError, requestId: string): object {
  const body: Record<string, unknown> = {
    code: error.code,
    message: error.message,
    requestId,
    ...retryFields(error),
  };
  if (error.details !== undefined) body["details"] = error.details;
  return { error: body };
}
