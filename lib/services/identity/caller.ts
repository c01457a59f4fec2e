/**
 * An authenticated caller. A `user` acts under row level security with their own access token; a `key` acts
 * for its owner through the service role, since a gateway key carries no Supabase session.
 */
export type Caller =
  | { kind: "user"; userId: string; email: string | undefined; accessToken: string }
  | { kind: "key"; userId: string; keyId: string; limits: GatewayKeyLimits };

/**
 * The caller of an OpenAI-compatible route. `open`: an anonymous caller with any bearer, on a
 * deployment where no gateway key has ever been created.
 */
export type ProxyCaller = Caller | { kind: "open" };

/** Optional limits of a gateway key; absent means unlimited. */
export type GatewayKeyLimits = {
  requestsPerMinute?: number | undefined;
  requestsAtOnce?: number | undefined;
  usdPerMonth?: number | undefined;
  modes?: string[] | undefined;
};

export { NAMED_MODE } from "#lib/router/named-mode.ts";
