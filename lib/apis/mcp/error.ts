import type { GatewayError } from "#lib/shared/errors.ts";

/** Codes of JSON-RPC, and the one of MCP for what goes wrong before a message is looked at. */
const PARSE_ERROR = -32_700;
const INTERNAL_ERROR = -32_603;
const REFUSED = -32_000;

/**
 * An error before the message of a client was looked at, as JSON-RPC has it. It is not known which request it
 * belongs to, so its id is null.
 */
export function jsonRpcErrorBody(error: GatewayError, requestId: string): object {
  return {
    jsonrpc: "2.0",
    error: {
      code: codeOf(error),
      message: error.message,
      data: { code: error.code, requestId },
    },
    id: null,
  };
}

function codeOf({ code, status }: GatewayError): number {
  // All that is read before the message is its JSON.
  if (code === "invalid_request") return PARSE_ERROR;
  return status >= 500 ? INTERNAL_ERROR : REFUSED;
}
