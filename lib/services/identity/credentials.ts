import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";

/** The user whom an access token names. */
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

/** What a session cookie says, and the cookies to set when the session had to be refreshed. */
export type CookieSession = { accessToken: string; setCookies: string[] };

/** The sessions that browsers keep in cookies. */
export type SessionCookies = {
  /** Whether the request brings a cookie that could be a session; asks nobody. */
  mayHoldSession(request: Request): boolean;
  /**
   * The session in a request's cookies; null when there is none that is good. Throws
   * `database_unavailable` when a session has to be refreshed and the auth server does not answer.
   */
  read(request: Request): Promise<CookieSession | null>;
};

/** A live gateway key, as a lookup finds it. */
export type FoundGatewayKey = { keyId: string; userId: string; limits: GatewayKeyLimits };

/** Both throw `database_unavailable`, and `not_configured` without a service role. */
export type GatewayKeyStore = {
  /** The live key with this digest (lower-case hex SHA-256 of the whole key); null if none or revoked. */
  findByHash(sha256Hex: string): Promise<FoundGatewayKey | null>;
  /** Whether a key was ever created. Those that are gone count, the seeded local one does not. */
  anyEverCreated(): Promise<boolean>;
};
