import { createHash } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { z } from "zod";
import type { AccessTokenVerifier, TokenUser } from "#lib/services/identity/credentials.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type AccessTokenOptions = {
  url: string;
  publishableKey: string;
  /** For projects that still sign with a shared secret (HS256). */
  jwtSecret?: string | undefined;
  /** Monotonic milliseconds. */
  now: () => number;
  /** The wall clock that tokens expire by, epoch milliseconds; the machine's by default. */
  wallNow?: (() => number) | undefined;
  timeoutMs?: number | undefined;
};

const KEPT_MS = 60_000;
/** The longest lifetime that is accepted, seconds: a token of more than a year is not one of a session. */
const MAX_LIFETIME_S = 366 * 86_400;
const MAX_KEPT = 5_000;
/** The auth server's statuses for an invalid token. Others, such as 429, say nothing about the token. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
const expirySchema = z.object({ exp: z.number() });
const claimsSchema = z.object({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  email: z.string().optional(),
});

/**
 * Verifies asymmetric tokens by the project's cached JWKS, HS256 by the secret, all others by the auth server.
 * A token that does not expire within a year is not valid, however it is signed.
 */
export function createAccessTokenVerifier(options: AccessTokenOptions): AccessTokenVerifier {
  const { url, jwtSecret, timeoutMs = 2_000, wallNow = Date.now } = options;
  const keys = createRemoteJWKSet(new URL(`${url}/auth/v1/.well-known/jwks.json`), {
    timeoutDuration: timeoutMs,
    [customFetch]: async (input, init) => {
      const response = await fetch(input, init);
      // A failing server says nothing about the token.
      if (response.status >= 500 || response.status === 429)
        throw authUnavailable(new Error(`JWKS: ${response.status}`));
      return response;
    },
  });
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const verifyByServer = cachedServerCheck(options, timeoutMs);

  return async (token) => {
    const algorithm = algorithmOf(token);
    if (algorithm === undefined || algorithm === "none") return null;
    const remainingMs = remainingLifetime(token, wallNow());
    if (remainingMs === undefined) return null;
    const currentDate = new Date(wallNow());
    try {
      if (!algorithm.startsWith("HS")) {
        const algorithms = ["ES256", "RS256", "EdDSA"];
        const { payload } = await jwtVerify(token, keys, { algorithms, currentDate });
        return userOf(payload);
      }
      if (secret === undefined) return await verifyByServer(token, remainingMs);
      const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"], currentDate });
      return userOf(payload);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
        throw authUnavailable(error);
      return null;
    }
  };
}

/**
 * Asks the auth server for the user of a token that is valid already, as they are now: only the server knows which
 * e-mail address a user has confirmed. The answer is kept for a minute. Null if the user is gone or banned.
 */
export function createUserLookup(options: AccessTokenOptions): AccessTokenVerifier {
  const { timeoutMs = 2_000, wallNow = Date.now } = options;
  const check = cachedServerCheck(options, timeoutMs);
  return async (token) => {
    const remainingMs = remainingLifetime(token, wallNow());
    return remainingMs === undefined ? null : check(token, remainingMs);
  };
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch (error) {
    if (error instanceof TypeError || error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * The remaining lifetime that the token claims, milliseconds; undefined if it has expired, or claims none or
 * too much. The token has not been verified yet.
 */
function remainingLifetime(token: string, wallNowMs: number): number | undefined {
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch (error) {
    if (error instanceof TypeError || error instanceof errors.JOSEError) return undefined;
    throw error;
  }
  const expiry = expirySchema.safeParse(claims);
  if (!expiry.success) return undefined;
  const remainingMs = expiry.data.exp * 1_000 - wallNowMs;
  return remainingMs > 0 && remainingMs <= MAX_LIFETIME_S * 1_000 ? remainingMs : undefined;
}

function userOf(payload: JWTPayload): TokenUser | null {
  const claims = claimsSchema.safeParse(payload);
  // The anon key and the service key of older projects are JWTs as well, but not of a user.
  if (!claims.success) return null;
  return { userId: claims.data.sub, email: claims.data.email, emailConfirmed: false };
}

/** Verifies by the auth server, and caches the result for a minute, but not beyond the token's own expiry. */
function cachedServerCheck(
  options: AccessTokenOptions,
  timeoutMs: number,
): (token: string, remainingMs: number) => Promise<TokenUser | null> {
  const client = createClient(options.url, options.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }) },
  });
  const kept = new Map<string, { user: TokenUser | null; until: number }>();
  return async (token, remainingMs) => {
    const endsAt = options.now() + remainingMs;
    const digest = createHash("sha256").update(token).digest("base64");
    const known = kept.get(digest);
    if (known !== undefined && known.until > options.now()) return known.user;
    const { data, error } = await client.auth.getUser(token);
    if (error !== null && !REFUSALS.has(error.status)) throw authUnavailable(error);
    const { user } = data;
    const found =
      user === null
        ? null
        : { userId: user.id, email: user.email, emailConfirmed: typeof user.email_confirmed_at === "string" };
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(digest, { user: found, until: Math.min(options.now() + KEPT_MS, endsAt) });
    return found;
  };
}

/** The auth server does not answer. */
export function authUnavailable(cause: unknown): GatewayError {
  return new GatewayError("database_unavailable", "Your session could not be checked. Try again shortly.", {
    retryAfterSeconds: 2,
    cause,
  });
}
