import { createHash } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import {
  createRemoteJWKSet,
  customFetch,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { z } from "zod";
import { GatewayError } from "#lib/shared/errors.ts";

export type TokenUser = {
  userId: string;
  email: string | undefined;
  /** Only the auth server can say so. What a token says of it, `user_metadata`, its user may write. */
  emailConfirmed: boolean;
};

/**
 * Verifies Supabase access tokens. Null for a token that is no good; `database_unavailable` when the
 * auth server would have to say and does not.
 */
export type AccessTokenVerifier = (token: string) => Promise<TokenUser | null>;

export type AccessTokenOptions = {
  url: string;
  publishableKey: string;
  /** For projects that still sign with a shared secret (HS256). */
  jwtSecret?: string | undefined;
  /** Monotonic milliseconds. */
  now: () => number;
  timeoutMs?: number | undefined;
};

const KEPT_MS = 60_000;
const MOST_KEPT = 5_000;
/** What the auth server answers to a token that is no good. All else, a rate limit too, says nothing of it. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
const claimsSchema = z.object({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  email: z.string().optional(),
});

/** Asymmetric tokens by the project's cached JWKS, HS256 by the secret, all others by asking the server. */
export function createAccessTokenVerifier(options: AccessTokenOptions): AccessTokenVerifier {
  const { url, jwtSecret, timeoutMs = 2_000 } = options;
  const keys = createRemoteJWKSet(new URL(`${url}/auth/v1/.well-known/jwks.json`), {
    timeoutDuration: timeoutMs,
    [customFetch]: async (input, init) => {
      const response = await fetch(input, init);
      // A server in trouble says nothing about the token.
      if (response.status >= 500 || response.status === 429)
        throw authAway(new Error(`JWKS: ${response.status}`));
      return response;
    },
  });
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const askServer = cachedServerCheck(options, timeoutMs);

  return async (token) => {
    const algorithm = algorithmOf(token);
    if (algorithm === undefined || algorithm === "none") return null;
    try {
      if (!algorithm.startsWith("HS")) {
        const { payload } = await jwtVerify(token, keys, { algorithms: ["ES256", "RS256", "EdDSA"] });
        return userOf(payload);
      }
      if (secret === undefined) return await askServer(token);
      const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
      return userOf(payload);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw authAway(error);
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

function userOf(payload: JWTPayload): TokenUser | null {
  const claims = claimsSchema.safeParse(payload);
  // The anon key and the service key of older projects are JWTs as well: they are no user's.
  if (!claims.success) return null;
  return { userId: claims.data.sub, email: claims.data.email, emailConfirmed: false };
}

function cachedServerCheck(options: AccessTokenOptions, timeoutMs: number): AccessTokenVerifier {
  const client = createClient(options.url, options.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }) },
  });
  const kept = new Map<string, { user: TokenUser | null; until: number }>();
  return async (token) => {
    const digest = createHash("sha256").update(token).digest("base64");
    const known = kept.get(digest);
    if (known !== undefined && known.until > options.now()) return known.user;
    const { data, error } = await client.auth.getUser(token);
    if (error !== null && !REFUSALS.has(error.status)) throw authAway(error);
    const { user } = data;
    const found =
      user === null
        ? null
        : { userId: user.id, email: user.email, emailConfirmed: typeof user.email_confirmed_at === "string" };
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(digest, { user: found, until: options.now() + KEPT_MS });
    return found;
  };
}

/** The auth server does not answer. */
export function authAway(cause: unknown): GatewayError {
  return new GatewayError(
    "database_unavailable",
    "Your session could not be checked just now. Try again shortly.",
    {
      retryAfterSeconds: 2,
      cause,
    },
  );
}
