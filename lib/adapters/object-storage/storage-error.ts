import { GatewayError } from "#lib/shared/errors.ts";
import { field, stringField } from "#lib/shared/json.ts";

/** Codes of S3 that say that the gateway's settings are wrong, not the request. */
const SETTINGS_CODES: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AuthorizationHeaderMalformed",
  "Forbidden",
  "InvalidAccessKeyId",
  "NoSuchBucket",
  "PermanentRedirect",
  "SignatureDoesNotMatch",
  "Unauthorized",
]);
/** A bucket's answer to `HEAD` has no body, and so no code. */
const REFUSED: ReadonlySet<number> = new Set([301, 401, 403]);
const MAX_DETAIL = 300;

/** Whether the storage says that there is no such object. A missing bucket is another thing. */
export function isMissingObject(thrown: unknown): boolean {
  return codeOf(thrown) !== "NoSuchBucket" && statusOf(thrown) === 404;
}

/**
 * A failed call of the storage as the error that a client may see. What the storage said is in the cause, without
 * the request: that holds addresses and signatures.
 */
export function storageError(thrown: unknown, action: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code = codeOf(thrown);
  const status = statusOf(thrown);
  const said = thrown instanceof Error ? thrown.message.slice(0, MAX_DETAIL) : "";
  const cause = new Error(`${action}: ${code}${status === undefined ? "" : ` (HTTP ${status})`}. ${said}`);
  if (SETTINGS_CODES.has(code) || (status !== undefined && REFUSED.has(status))) {
    return new GatewayError("not_configured", "The file storage refuses the gateway. Ask its operator.", {
      cause,
    });
  }
  return new GatewayError("storage_unavailable", "The file storage does not answer. Try again shortly.", {
    retryAfterSeconds: 5,
    cause,
  });
}

function codeOf(thrown: unknown): string {
  return stringField(thrown, "name") ?? "Error";
}

function statusOf(thrown: unknown): number | undefined {
  const status = field(field(thrown, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}
