import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";

/** The user whom an access token names. */
export type TokenUser = {
  userId: string;
  email: string | undefined;
  /** Only the auth server knows. The `user_metadata` in a token can be written by its user. */
  emailConfirmed: boolean;
};

/**
 * Verifies Supabase access tokens. Null for a token that is not valid; throws `database_unavailable` if the
 * auth server has to decide and does not answer.
 */
export type AccessTokenVerifier = (token: string) => Promise<TokenUser | null>;

/** The session in a cookie, and the cookies to set if it had to be refreshed. */
export type CookieSession = { accessToken: string; setCookies: string[] };

/** The sessions that browsers keep in cookies. */
export type SessionCookies = {
  /** Whether the request has a cookie that could be a session; no call is made. */
  mayHoldSession(request: Request): boolean;
  /**
   * The session in a request's cookies; null if there is no valid one. Throws `database_unavailable` if a
   * session has to be refreshed and the auth server does not answer.
   */
  read(request: Request): Promise<CookieSession | null>;
};

/** A live gateway key, as a lookup finds it. */
export type FoundGatewayKey = { keyId: string; userId: string; limits: GatewayKeyLimits };

/** How a secret of a key ends: the key expires, or a rotation has replaced the secret. */
export type SecretEnd = "expired" | "replaced";

/** What a lookup finds for a secret that was one of a key which is not revoked. */
export type KeyLookup = {
  key: FoundGatewayKey;
  /** Whether the secret has ended. */
  state: "live" | SecretEnd;
  /** When and how it ends or has ended; undefined if it does not end. */
  end: { as: SecretEnd; at: string /** ISO 8601 */; inMs: number } | undefined;
};

/** Both throw `database_unavailable`, and `not_configured` without a service role. */
export type GatewayKeyStore = {
  /** The key with this digest (lower-case hex SHA-256 of the whole key); null if none or revoked. */
  findByHash(sha256Hex: string): Promise<KeyLookup | null>;
  /** Whether a key was ever created. Revoked keys count, the seeded local one does not. */
  anyEverCreated(): Promise<boolean>;
};
