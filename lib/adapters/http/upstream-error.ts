import { UpstreamError } from "#lib/providers/call/upstream.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** Undici's error codes that mean an answer which is no HTTP. */
const PROTOCOL_CODES = new Set(["UND_ERR_HEADERS_OVERFLOW", "UND_ERR_RESPONSE", "UND_ERR_INVALID_ARG"]);

/** The message says what happened without the address: it may reach a client. */
export function upstreamError(error: Error, connected: boolean): UpstreamError {
  const code = systemCode(error);
  if (!connected) return new UpstreamError("connect", "The provider could not be reached.", error, code);
  // The parser's errors come without their code.
  if (error.name === "HTTPParserError" || (code !== undefined && PROTOCOL_CODES.has(code))) {
    return new UpstreamError("protocol", "The provider's answer was not valid HTTP.", error, code);
  }
  return new UpstreamError("reset", "The connection to the provider broke.", error, code);
}

/** The word of the system, of TLS or of undici for an error; several addresses fail with the first one's. */
function systemCode(error: unknown): string | undefined {
  const code = stringField(error, "code");
  if (code !== undefined && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  const [first] = arrayField(error, "errors");
  const inner = first ?? field(error, "cause");
  return inner === undefined ? undefined : systemCode(inner);
}
