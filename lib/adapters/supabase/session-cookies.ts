/** What a session cookie says, and the cookies to set when the session had to be refreshed. */
export type CookieSession = { accessToken: string; setCookies: string[] };

export type CookieSessionReader = (request: Request) => Promise<CookieSession | null>;

/** Reads the Supabase session out of a request's cookies, refreshing it when it has expired. */
export function createCookieSessionReader(url: string, publishableKey: string): CookieSessionReader {
  return async (request) => {
    const header = request.headers.get("cookie");
    if (header === null || !/\bsb-[^=;]+-auth-token/.test(header)) return null;
    // Only browsers come this way: the library is not loaded for anybody else.
    const { createServerClient, parseCookieHeader, serializeCookieHeader } = await import("@supabase/ssr");
    const setCookies: string[] = [];
    const client = createServerClient(url, publishableKey, {
      cookies: {
        getAll: () => parseCookieHeader(header).map(({ name, value }) => ({ name, value: value ?? "" })),
        setAll: (cookies) => {
          for (const { name, value, options } of cookies) setCookies.push(serializeCookieHeader(name, value, options));
        },
      },
    });
    const { data } = await client.auth.getSession();
    return data.session === null ? null : { accessToken: data.session.access_token, setCookies };
  };
}
