import { isIP } from "node:net";
import type { Env } from "#lib/server/env/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

type Settings = Pick<Env, "NEXT_PUBLIC_APP_URL" | "CORS_ALLOWED_ORIGINS" | "VERCEL">;

/**
 * Throws `forbidden` for a page that may not speak to the MCP server. Programs send no Origin, and may.
 *
 * That a page's origin equals the Host header proves nothing by itself: the owner of a name can let it point here
 * (DNS rebinding). It counts where nobody else can own the name: an address, localhost, and on Vercel, which
 * delivers requests for the project's own names only.
 */
export function assertAllowedOrigin(request: Request, settings: Settings): void {
  const origin = request.headers.get("origin");
  if (origin === null || isAllowed(origin, request, settings)) return;
  throw new GatewayError(
    "forbidden",
    "Pages of this origin may not use the MCP server. An operator can allow them with CORS_ALLOWED_ORIGINS, and " +
      "the gateway's own with NEXT_PUBLIC_APP_URL.",
  );
}

function isAllowed(origin: string, request: Request, settings: Settings): boolean {
  const { NEXT_PUBLIC_APP_URL: own, CORS_ALLOWED_ORIGINS: allowed, VERCEL } = settings;
  if (allowed.includes("*") || allowed.includes(origin)) return true;
  const url = URL.parse(origin);
  if (url === null) return false;
  if (own !== undefined && url.origin === new URL(own).origin) return true;
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return url.host === host && (VERCEL || isNobodysName(url.hostname));
}

function isNobodysName(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "");
  return hostname === "localhost" || hostname.endsWith(".localhost") || isIP(address) !== 0;
}
