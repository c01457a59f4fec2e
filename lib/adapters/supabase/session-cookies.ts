import { type CookieClientOptions, withCookieClient } from "#lib/adapters/supabase/cookie-client.ts";
import type { SessionCookies } from "#lib/services/identity/credentials.ts";

/** Whether the request has a cookie that could be a Supabase session. */
export function hasSessionCookie(request: Request): boolean {
  const cookies = request.headers.get("cookie")?.split(";") ?? [];
  return cookies.some((cookie) => {
    const [name = ""] = cookie.trimStart().split("=", 1);
    return name.startsWith("sb-") && name.includes("-auth-token");
  });
}

/** Supabase sessions in cookies, refreshed when they have expired. */
export function createSessionCookies(options: CookieClientOptions): SessionCookies {
  return {
    mayHoldSession: hasSessionCookie,
    async read(request) {
      if (!hasSessionCookie(request)) return null;
      const { result, setCookies } = await withCookieClient(request, options, (auth) => auth.getSession());
      const { session } = result.data;
      return session === null ? null : { accessToken: session.access_token, setCookies };
    },
  };
}
