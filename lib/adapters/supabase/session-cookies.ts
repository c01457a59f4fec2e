import { authUnavailable } from "#lib/adapters/supabase/access-tokens.ts";
import type { CookieSession, SessionCookies } from "#lib/services/identity/credentials.ts";

const TIMEOUT_MS = 2_000;

/** Whether the request brings a cookie that could be a Supabase session. */
export function hasSessionCookie(request: Request): boolean {
  const cookies = request.headers.get("cookie")?.split(";") ?? [];
  return cookies.some((cookie) => {
    const [name = ""] = cookie.trimStart().split("=", 1);
    return name.startsWith("sb-") && name.includes("-auth-token");
  });
}

/** Supabase sessions in cookies, refreshed when they have expired. */
export function createSessionCookies(url: string, publishableKey: string): SessionCookies {
  return { mayHoldSession: hasSessionCookie, read: cookieSessionReader(url, publishableKey) };
}

function cookieSessionReader(
  url: string,
  publishableKey: string,
): (request: Request) => Promise<CookieSession | null> {
  return async (request) => {
    const header = request.headers.get("cookie");
    if (header === null || !hasSessionCookie(request)) return null;
    // Only browsers come this way: the library is not loaded for anybody else.
    const { createServerClient, parseCookieHeader, serializeCookieHeader } = await import("@supabase/ssr");
    const setCookies: string[] = [];
    const server = askOnce();
    const client = createServerClient(url, publishableKey, {
      global: { fetch: server.fetch },
      cookies: {
        getAll: () => parseCookieHeader(header).map(({ name, value }) => ({ name, value: value ?? "" })),
        setAll: (cookies) => {
          for (const { name, value, options } of cookies)
            setCookies.push(serializeCookieHeader(name, value, options));
        },
      },
    });
    const { data } = await client.auth.getSession();
    if (server.trouble !== undefined) throw authUnavailable(server.trouble);
    return data.session === null ? null : { accessToken: data.session.access_token, setCookies };
  };
}

/** The library tries a refresh again for half a minute. Ours is told "no" at the first trouble, which is kept. */
function askOnce(): { fetch: typeof fetch; readonly trouble: unknown } {
  let trouble: unknown;
  return {
    async fetch(input, init) {
      try {
        const response = await fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
        if (response.status < 500 && response.status !== 429) return response;
        trouble = new Error(`The auth server answered with status ${response.status}.`);
        await response.body?.cancel();
      } catch (error) {
        trouble = error;
      }
      return Response.json({}, { status: 400 });
    },
    get trouble() {
      return trouble;
    },
  };
}
