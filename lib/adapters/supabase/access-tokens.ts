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
  /** Wall clock, epoch milliseconds; the machine's by default. What tokens expire by. */
  wallNow?: (() => number) | undefined;
  timeoutMs?: number | undefined;
};

const KEPT_MS = 60_000;
/** A token that says it is good for longer than a year was not made for a session, seconds. */
const MAX_LIFETIME_S = 366 * 86_400;
const MAX_KEPT = 5_000;
/** What the auth server answers to a token that is no good. All else, a rate limit too, says nothing of it. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
/** Infinity is no number here either. */
const expirySchema = z.object({ exp: z.number() });
const claimsSchema = z.object({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  email: z.string().optional(),
});

/**
 * Asymmetric tokens by the project's cached JWKS, HS256 by the secret, all others by asking the server. A token
 * that never expires, or not within a year, is no good however it is signed.
 */
export function createAccessTokenVerifier(options: AccessTokenOptions): AccessTokenVerifier {
  const { url, jwtSecret, timeoutMs = 2_000, wallNow = Date.now } = options;
  const keys = createRemoteJWKSet(new URL(`${url}/auth/v1/.well-known/jwks.json`), {
    timeoutDuration: timeoutMs,
    [customFetch]: async (input, init) => {
      const response = await fetch(input, init);
      // A server in trouble says nothing about the token.
      if (response.status >= 500 || response.status === 429)
        throw authUnavailable(new Error(`JWKS: ${response.status}`));
      return response;
    },
  });
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const askServer = cachedServerCheck(options, timeoutMs);

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
      if (secret === undefined) return await askServer(token, remainingMs);
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

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch (error) {
    if (error instanceof TypeError || error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * For how much longer the token says that it is good, milliseconds; undefined when it has expired, or does not
 * say so within reason. What it says is not to be believed yet: whoever verifies it comes after this.
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
  // The anon key and the service key of older projects are JWTs as well: they are no user's.
  if (!claims.success) return null;
  return { userId: claims.data.sub, email: claims.data.email, emailConfirmed: false };
}

/** Asks the auth server, and keeps what it says for a minute, but never past the token's own end. */
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
  return new GatewayError(
    "database_unavailable",
    "Your session could not be checked just now. Try again shortly.",
    {
      retryAfterSeconds: 2,
      cause,
    },
  );
}
