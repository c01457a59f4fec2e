import type { IncomingHttpHeaders } from "node:http";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

export type ApiCredentials = { publishableKey: string; secretKey: string; jwtSecret: string };

/** Who calls a function. */
export type FunctionCaller = {
  role: "anon" | "authenticated" | "service_role";
  /** Empty without a user. */
  userId: string;
  /** The claims of the token, or of the key, as JSON. */
  claims: string;
};

/** Undefined for a credential that has to be refused, or is not known here. */
export type CallerReader = (headers: IncomingHttpHeaders) => Promise<FunctionCaller | undefined>;

const MAX_KEPT_TOKENS = 1_000;
const ROLES: ReadonlySet<unknown> = new Set<FunctionCaller["role"]>([
  "anon",
  "authenticated",
  "service_role",
]);
/** Browsers may not use a secret key, as on hosted Supabase. */
const BROWSER = /^\s*Mozilla\s*\/\s*5/i;

/**
 * Knows callers as `@supabase/lite` does: the key of the API in `apikey`, and a user by an access token of this
 * database's own secret. A token is verified once, then recognised until it expires.
 * @param now wall clock, epoch milliseconds.
 */
export function createCallerReader(credentials: ApiCredentials, now: () => number = Date.now): CallerReader {
  const { publishableKey, secretKey } = credentials;
  const secret = new TextEncoder().encode(credentials.jwtSecret);
  const byKey = new Map<string, FunctionCaller>([
    [publishableKey, callerOf({ role: "anon" }, "anon")],
    [secretKey, callerOf({ role: "service_role" }, "service_role")],
  ]);
  const verified = new BoundedMap<string, { caller: FunctionCaller; expiresAt: number }>(MAX_KEPT_TOKENS);

  const callerOfToken = async (token: string): Promise<FunctionCaller | undefined> => {
    const known = verified.use(token);
    if (known !== undefined && known.expiresAt > now()) return known.caller;
    verified.delete(token);
    const claims = await verify(token, secret, now());
    const { role = "anon", exp = Number.POSITIVE_INFINITY } = claims ?? {};
    if (claims === undefined || !isRole(role)) return undefined;
    const caller = callerOf(claims, role);
    verified.set(token, { caller, expiresAt: exp * 1_000 });
    return caller;
  };

  return async ({ apikey, authorization, "user-agent": userAgent = "" }) => {
    if (typeof apikey !== "string") return undefined;
    const caller = byKey.get(apikey);
    if (caller === undefined || (apikey === secretKey && BROWSER.test(userAgent))) return undefined;
    if (authorization === undefined) return caller;
    const [scheme, token = ""] = authorization.split(" ");
    if (scheme !== "Bearer" || token === "") return undefined;
    return token === apikey || token.startsWith("sb_") ? caller : callerOfToken(token);
  };
}

function isRole(role: unknown): role is FunctionCaller["role"] {
  return ROLES.has(role);
}

function callerOf(claims: JWTPayload, role: FunctionCaller["role"]): FunctionCaller {
  return { role, userId: claims.sub ?? "", claims: JSON.stringify(claims) };
}

/** Undefined unless the token is valid now. */
async function verify(token: string, secret: Uint8Array, nowMs: number): Promise<JWTPayload | undefined> {
  try {
    const currentDate = new Date(nowMs);
    const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"], currentDate });
    return (payload.iat ?? 0) * 1_000 > nowMs ? undefined : payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
