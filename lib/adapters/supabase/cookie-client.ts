import type { SupabaseClient } from "@supabase/supabase-js";
import { authUnavailable } from "#lib/adapters/supabase/access-tokens.ts";
import { field } from "#lib/shared/json.ts";

const TIMEOUT_MS = 5_000;
/** As long as browsers keep a cookie; the session in it ends by itself, or when it is signed out. */
const MAX_AGE_S = 400 * 86_400;

export type CookieClientOptions = {
  url: string;
  publishableKey: string;
  /** Whether a request came over HTTPS: then its cookies are sent over HTTPS alone. */
  isSecure(request: Request): boolean;
};

/** Why the auth server did not do what it was asked; the status is that of its answer, if there was one. */
export type AuthServerFailure = { status: number | undefined; cause: unknown };

type Run<Result> = (auth: SupabaseClient["auth"]) => Promise<Result>;

/** Like {@link runCookieClient}, but throws `database_unavailable` if the auth server does not answer. */
export async function withCookieClient<Result>(
  request: Request,
  options: CookieClientOptions,
  run: Run<Result>,
): Promise<{ result: Result; setCookies: string[] }> {
  const { failure, ...rest } = await runCookieClient(request, options, run);
  if (failure !== undefined) throw authUnavailable(failure.cause);
  return rest;
}

/**
 * Runs calls of Supabase's sign-in as the session in a request's cookies, and returns their result with the
 * cookies to set. Scripts cannot read these cookies (`HttpOnly`), and other sites cannot send them with
 * writes (`SameSite=Lax`). With a failure, the result says nothing.
 */
export async function runCookieClient<Result>(
  request: Request,
  { url, publishableKey, isSecure }: CookieClientOptions,
  run: Run<Result>,
): Promise<{ result: Result; setCookies: string[]; failure: AuthServerFailure | undefined }> {
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
  return { result, setCookies, failure: server.failure };
}

/** The library would retry a refresh for half a minute; this fetch keeps a failure and answers 400, which ends it. */
function fetchWithoutRetries(): { fetch: typeof fetch; readonly failure: AuthServerFailure | undefined } {
  let failure: AuthServerFailure | undefined;
  return {
    async fetch(input, init) {
      try {
        const response = await fetchOnceMoreIfCut(input, {
          ...init,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (response.status < 500 && response.status !== 429) return response;
        const { status } = response;
        if (status === 429 && isRecovery(input)) return Response.json({});
        failure = { status, cause: new Error(`The auth server answered with status ${status}.`) };
        await response.body?.cancel();
      } catch (cause) {
        failure = { status: undefined, cause };
      }
      return Response.json({}, { status: 400 });
    },
    get failure() {
      return failure;
    },
  };
}

/**
 * A server closes connections that have been idle, possibly just as the next request goes out on one. Asking again does
 * no harm: the auth server takes a refresh token twice within some seconds.
 */
async function fetchOnceMoreIfCut(...request: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(...request);
  } catch (error) {
    const code = field(field(error, "cause"), "code");
    if (code !== "UND_ERR_SOCKET" && code !== "ECONNRESET") throw error;
    return fetch(...request);
  }
}

/**
 * Whether a link for a new password is asked for. The auth server limits these e-mails for addresses that have an
 * account, so its 429, and the cookies that follow from it, would tell which do.
 */
function isRecovery(input: Parameters<typeof fetch>[0]): boolean {
  return new URL(input instanceof Request ? input.url : input).pathname.endsWith("/recover");
}
