import { UpstreamError } from "#lib/providers/call/upstream.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** Undici's error codes for an answer that is not HTTP. */
const PROTOCOL_CODES = new Set(["UND_ERR_HEADERS_OVERFLOW", "UND_ERR_RESPONSE", "UND_ERR_INVALID_ARG"]);

/** The message does not contain the address, because it may reach a client. */
export function upstreamError(error: Error, connected: boolean): UpstreamError {
  const code = systemCode(error);
  if (!connected) return new UpstreamError("connect", "The provider could not be reached.", error, code);
  // The parser's errors come without their code.
  if (error.name === "HTTPParserError" || (code !== undefined && PROTOCOL_CODES.has(code))) {
    return new UpstreamError("protocol", "The provider's answer was not valid HTTP.", error, code);
  }
  return new UpstreamError("reset", "The connection to the provider broke.", error, code);
}

/** The error code of the system, of TLS or of undici; if several addresses failed, the first one's. */
function systemCode(error: unknown): string | undefined {
  const code = stringField(error, "code");
  if (code !== undefined && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  const [first] = arrayField(error, "errors");
  const inner = first ?? field(error, "cause");
  return inner === undefined ? undefined : systemCode(inner);
}
