import { McpAnswerError } from "#lib/adapters/mcp/capped-fetch.ts";
import { ENDED } from "#lib/adapters/mcp/guarded-messages.ts";
import { type McpServer, secretsOf } from "#lib/plugins/mcp.ts";
import { type ErrorCode, GatewayError } from "#lib/shared/errors.ts";
import { field } from "#lib/shared/json.ts";
import { publicReason } from "#lib/shared/redact.ts";

/** JSON-RPC: the arguments do not fit, or there is no such tool. */
const INVALID_PARAMS = -32_602;
/** Since the revision of 2026-07-28: the client would have to be able to do more. */
const MISSING_CAPABILITY = -32_021;
/** What a web server says of a path that is no endpoint of MCP. */
const NO_ENDPOINT: ReadonlySet<number> = new Set([404, 405]);
const ENDINGS: ReadonlySet<number> = new Set(Object.values(ENDED));

/** The server has forgotten the session: it was restarted, or the session was too old. */
export function isSessionLost(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 404) return true;
  // Servers built on the older SDK's examples answer so.
  return status === 400 && /session/i.test(error instanceof Error ? error.message : "");
}

/** Nothing of the request has reached a server. */
export function isRefusedConnection(error: unknown): boolean {
  return field(causeOf(error), "code") === "ECONNREFUSED";
}

/** A call below the protocol has failed: it may or may not have reached the server. */
export function isTransportFailure(error: unknown): boolean {
  const code = codeOf(error);
  return (
    error instanceof TypeError ||
    code === "CONNECTION_CLOSED" ||
    code === "SEND_FAILED" ||
    code === ENDED.brokeOff
  );
}

/** The server wants to be told more, which it said as the revision of 2026-07-28 does. */
export function wantsInput(error: unknown): boolean {
  const code = codeOf(error);
  return code === ENDED.inputRequired || code === MISSING_CAPABILITY;
}

/** The server is in order, and answered the call with an error of the protocol. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === "number" && !ENDINGS.has(code);
}

/**
 * An error of the SDK in words for the client; what exactly happened is its `cause`, for the operator's log.
 */
export function mcpFailure(server: McpServer, error: unknown): GatewayError {
  const name = `The MCP server "${server.id}"`;
  const failed = (code: ErrorCode, text: string): GatewayError =>
    new GatewayError(code, text, { cause: error, details: { server: server.id } });
  if (error instanceof McpAnswerError)
    return failed("plugin_failed", `${name} cannot be used. ${error.message}`);
  if (error instanceof GatewayError) return error;
  const answered = causeOf(error);
  if (answered instanceof McpAnswerError) {
    return failed("plugin_failed", `${name} cannot be used. ${answered.message}`);
  }
  const status = statusOf(error);
  const code = codeOf(error);
  if (status === 401 || status === 403 || isScopeMissing(error)) {
    const check = "An operator can check its credential.";
    return failed("plugin_failed", `${name} does not accept the gateway's credential. ${check}`);
  }
  if (code === "REQUEST_TIMEOUT") return failed("plugin_timeout", `${name} did not answer in time.`);
  if (status !== undefined) {
    const check = NO_ENDPOINT.has(status) ? " An operator can check its address, the path too." : "";
    return failed("plugin_failed", `${name} answered with status ${status}.${check}`);
  }
  if (code === ENDED.tooLarge) return failed("plugin_failed", `${name} sent an answer that is too large.`);
  if (code === ENDED.brokeOff) return failed("plugin_failed", `${name} broke off its answer.`);
  if (typeof code === "number") {
    const said = publicReason(error instanceof Error ? error.message : "", secretsOf(server));
    const kind = code === INVALID_PARAMS ? "invalid_request" : "plugin_failed";
    return failed(kind, `${name} refused the call${said === "" ? "." : `: ${said}`}`);
  }
  if (isTransportFailure(error) || isOfNetwork(answered) || isOfFetch(error))
    return failed("plugin_failed", `${name} cannot be reached.`);
  return failed("plugin_failed", `${name} answered in a way that cannot be used.`);
}

function statusOf(error: unknown): number | undefined {
  const status = field(field(error, "data"), "status");
  return typeof status === "number" ? status : undefined;
}

/** An error of a socket, of the resolution of a name, or of TLS. */
function isOfNetwork(cause: unknown): boolean {
  return /^(?:E[A-Z]{4,}$|EAI_|UND_ERR_|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(
    String(codeOf(cause)),
  );
}

/** The client's own error for a status 403 that names the scope of OAuth that is needed. */
function isScopeMissing(error: unknown): boolean {
  return error instanceof Error && "requiredScope" in error;
}

function codeOf(error: unknown): unknown {
  return field(error, "code");
}

/** No connection came about, also in the handshake, whose failures the SDK wraps: `fetch` does not call every port. */
function isOfFetch(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof TypeError && cause.message === "fetch failed");
}

/** What lies below `fetch failed`, or below an error of the SDK. */
function causeOf(error: unknown): unknown {
  return causesOf(error).at(-1);
}

function causesOf(error: unknown): unknown[] {
  const causes = [error];
  for (let depth = 0; depth < 4; depth++) {
    const next = field(causes.at(-1), "cause");
    if (next === undefined) break;
    causes.push(next);
  }
  return causes;
}
