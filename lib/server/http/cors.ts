const USUAL_HEADERS =
  "authorization, content-type, x-api-key, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id";
const EXPOSED_HEADERS =
  "x-request-id, retry-after, x-sarmalink-engine, x-sarmalink-provider, x-sarmalink-attempts, x-sarmalink-mode, x-sarmalink-dropped, " +
  "x-provider, content-disposition, x-page-count, x-missing-glyphs, " +
  "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, " +
  "www-authenticate, mcp-protocol-version, mcp-session-id";
const PREFLIGHT_SECONDS = "600";

/**
 * CORS headers for an origin that the operator allows; none for any other. Credentials are never allowed:
 * pages of another origin must use a bearer.
 */
export function corsHeaders(
  request: Request,
  allowedOrigins: readonly string[],
  allowedMethods: string,
): Record<string, string> {
  if (allowedOrigins.length === 0) return {};
  const origin = request.headers.get("origin");
  if (origin === null || !(allowedOrigins.includes(origin) || allowedOrigins.includes("*")))
    return { vary: "Origin" };
  const headers: Record<string, string> = {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED_HEADERS,
  };
  if (request.method === "OPTIONS") {
    headers["access-control-allow-methods"] = allowedMethods;
    // All requested headers: SDKs send many of their own, and none of them gives the rights of a cookie.
    headers["access-control-allow-headers"] =
      request.headers.get("access-control-request-headers") ?? USUAL_HEADERS;
    headers["access-control-max-age"] = PREFLIGHT_SECONDS;
  }
  return headers;
}
