import type { SupabaseClient } from "@supabase/supabase-js";
import { authUnavailable } from "#lib/adapters/supabase/access-tokens.ts";

const TIMEOUT_MS = 5_000;
/** As long as browsers keep a cookie; the session in it ends by itself, or when it is signed out. */
const MAX_AGE_S = 400 * 86_400;

export type CookieClientOptions = {
  url: string;
  publishableKey: string;
  /** Whether a request came over HTTPS: then its cookies are sent over HTTPS alone. */
  isSecure(request: Request): boolean;
};

/**
 * Runs calls of Supabase's sign-in as the session in a request's cookies, and returns their result with the
 * cookies to set. Scripts cannot read these cookies (`HttpOnly`), and other sites cannot send them with
 * writes (`SameSite=Lax`). Throws `database_unavailable` if the auth server does not answer.
 */
export async function withCookieClient<Result>(
  request: Request,
  { url, publishableKey, isSecure }: CookieClientOptions,
  run: (auth: SupabaseClient["auth"]) => Promise<Result>,
): Promise<{ result: Result; setCookies: string[] }> {
  // Loaded here, because only browsers need it.
  const { createServerClient, parseCookieHeader, serializeCookieHeader } = await import("@supabase/ssr");
  const header = request.headers.get("cookie") ?? "";
  const setCookies: string[] = [];
  const server = fetchWithoutRetries();
  const client = createServerClient(url, publishableKey, {
    global: { fetch: server.fetch },
    cookieOptions: {
      path: "/",
      sameSite: "lax",
      httpOnly: true,
      secure: isSecure(request),
      maxAge: MAX_AGE_S,
    },
    cookies: {
      getAll: () => parseCookieHeader(header).map(({ name, value }) => ({ name, value: value ?? "" })),
      setAll: (cookies) => {
        for (const { name, value, options } of cookies)
          setCookies.push(serializeCookieHeader(name, value, options));
      },
    },
  });
  const result = await run(client.auth);
  if (server.failure !== undefined) throw authUnavailable(server.failure);
  return { result, setCookies };
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
