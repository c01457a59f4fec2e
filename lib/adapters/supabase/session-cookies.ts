import { authUnavailable } from "#lib/adapters/supabase/access-tokens.ts";
import type { CookieSession, SessionCookies } from "#lib/services/identity/credentials.ts";

const TIMEOUT_MS = 2_000;

/** Whether the request has a cookie that could be a Supabase session. */
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
    // Loaded here, because only browsers need it.
    const { createServerClient, parseCookieHeader, serializeCookieHeader } = await import("@supabase/ssr");
    const setCookies: string[] = [];
    const server = fetchWithoutRetries();
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
    if (server.failure !== undefined) throw authUnavailable(server.failure);
    return data.session === null ? null : { accessToken: data.session.access_token, setCookies };
  };
}

/** The library would retry a refresh for half a minute; this fetch keeps a failure and answers 400, which ends it. */
function fetchWithoutRetries(): { fetch: typeof fetch; readonly failure: unknown } {
  let failure: unknown;
  return {
    async fetch(input, init) {
      try {
        const response = await fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
        if (response.status < 500 && response.status !== 429) return response;
        failure = new Error(`The auth server answered with status ${response.status}.`);
        await response.body?.cancel();
      } catch (error) {
        failure = error;
      }
      return Response.json({}, { status: 400 });
    },
    get failure() {
      return failure;
    },
  };
}
