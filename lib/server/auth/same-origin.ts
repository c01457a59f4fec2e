import type { Env } from "#lib/server/env/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * A browser sends a cookie with requests of any page, so only this site's pages may write with it. Throws
 * `forbidden` for a write from another site.
 */
export function assertSameOrigin(request: Request, env: Env): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const origin = request.headers.get("origin");
  const forwarded = env.TRUST_PROXY || env.VERCEL ? request.headers.get("x-forwarded-host") : null;
  const host = forwarded ?? request.headers.get("host") ?? new URL(request.url).host;
  const isSameOrigin =
    origin === null
      ? request.headers.get("sec-fetch-site") === "same-origin"
      : hostOf(origin) === host || origin === originOf(env.NEXT_PUBLIC_APP_URL);
  if (!isSameOrigin)
    throw new GatewayError("forbidden", "A session cookie is only accepted from this site's own pages.");
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).origin;
}
