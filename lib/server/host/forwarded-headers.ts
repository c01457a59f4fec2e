import type { IncomingHttpHeaders } from "node:http";

/**
 * Headers that describe one connection (RFC 9110, section 7.6.1). They must not be forwarded, nor must those
 * that a `Connection` header names.
 */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The headers of a request, to be forwarded without its body. `Content-Length` is dropped, too: without the
 * body, it would let one visitor decide where the next visitor's request begins (request smuggling).
 */
export function requestHeadersWithoutBody(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = namedByConnection(headers.connection);
  const forwarded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === "content-length") continue;
    if (!CONNECTION_HEADERS.has(name) && !named.has(name)) forwarded[name] = value;
  }
  return forwarded;
}

/**
 * The headers of an answer, to be forwarded with its body, as alternating names and values.
 *
 * @param rawHeaders as node:http gives them.
 */
export function responseHeaders(rawHeaders: readonly string[], connection: string | undefined): string[] {
  const named = namedByConnection(connection);
  const forwarded: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!CONNECTION_HEADERS.has(lower) && !named.has(lower)) forwarded.push(name, value);
  }
  return forwarded;
}

function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
}
