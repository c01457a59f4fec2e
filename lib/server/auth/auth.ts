import { hash } from "node:crypto";
import type { AccessTokenVerifier } from "#lib/adapters/supabase/access-tokens.ts";
import type { GatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { type CookieSessionReader, hasSessionCookie } from "#lib/adapters/supabase/session-cookies.ts";
import { KeyCache, keep } from "#lib/server/auth/key-cache.ts";
import { OpenDoor } from "#lib/server/auth/open-access.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { Caller, ProxyCaller } from "#lib/services/identity/caller.ts";
import { KEY_PREFIX } from "#lib/services/identity/gateway-keys.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Who was let in is not shut out for this long by what others do at the same address, milliseconds. */
const ADMITTED_MS = 3_600_000;
/** While any bearer is taken: a key that is none is not looked up again for this long, milliseconds. */
const UNKNOWN_KEPT_MS = 5_000;
const MINUTE_MS = 60_000;

export type Authentication = { caller: Caller /** Cookies of a refreshed session. */; setCookies: string[] };

export type Authenticator = {
  /**
   * Who is calling: a gateway key or Supabase access token as bearer (or `x-api-key`), or a Supabase
   * session cookie. Throws `unauthorized`, `forbidden` (a cookie from another origin),
   * `too_many_auth_failures`, `not_configured` or `database_unavailable`.
   */
  authenticate(request: Request, host: HostContext): Promise<Authentication>;
  /**
   * Who is calling an OpenAI-shaped route: a gateway key or access token, as bearer or `x-api-key`, never a
   * cookie. Until a gateway key has ever been created, any other bearer is an open caller. Throws as
   * `authenticate` does, and `not_configured` without a service role key.
   */
  authenticateProxy(request: Request, host: HostContext): Promise<ProxyCaller>;
  /** Whether any bearer is taken just now. Throws `database_unavailable` or `not_configured`. */
  takesAnyBearer(): Promise<boolean>;
  /** A gateway key was created in this process: from now on not any bearer will do. */
  keyCreated(): void;
  /** A gateway key was revoked in this process: it is no good from now on. */
  keyRevoked(keyId: string): void;
};

export type AuthDependencies = {
  env: Env;
  clock: Clock;
  keys: GatewayKeyStore;
  verifyToken: AccessTokenVerifier;
  readCookies: CookieSessionReader;
  /** Told once when any bearer is taken. */
  logger?: Pick<Logger, "warn"> | undefined;
};

const OPEN_CALLER: ProxyCaller = { kind: "open" };

export function createAuthenticator(dependencies: AuthDependencies): Authenticator {
  const { env, clock, keys, verifyToken, readCookies, logger } = dependencies;
  const cache = new KeyCache(keys, clock);
  const door = new OpenDoor(keys, clock, () =>
    logger?.warn(
      "The OpenAI-shaped routes take any bearer: no gateway key has been created yet. Create one to close them.",
    ),
  );
  const failures = new FailureLimiter(clock, env.AUTH_FAILURES_PER_MINUTE);
  const admitted = new Map<string, number>();
  const unknown = new Map<string, number>();

  const byBearer = async (token: string, digest: string): Promise<Caller | null> => {
    if (token.startsWith(KEY_PREFIX)) {
      const key = await cache.find(digest);
      return key === null ? null : { kind: "key", ...key };
    }
    const user = await verifyToken(token);
    return user === null
      ? null
      : { kind: "user", userId: user.userId, email: user.email, accessToken: token };
  };

  const byCookie = async (request: Request): Promise<Authentication | null> => {
    const session = await readCookies(request);
    // What a cookie holds is a session's token: a gateway key in one is none, and none is looked up.
    const user = session === null ? null : await verifyToken(session.accessToken);
    if (session === null || user === null) return null;
    const { userId, email } = user;
    const { accessToken, setCookies } = session;
    return { caller: { kind: "user", userId, email, accessToken }, setCookies };
  };

  /** Checks a credential. Whoever keeps failing gets no further check: it costs a database call at worst. */
  const check = async <Found>(
    digest: string,
    address: string,
    verify: () => Promise<Found | null>,
  ): Promise<Found | null> => {
    if ((admitted.get(digest) ?? 0) <= clock.now()) failures.assertAllowed(address);
    const found = await verify();
    admitted.delete(digest);
    if (found === null) failures.note(address);
    else keep(admitted, digest, clock.now() + ADMITTED_MS);
    return found;
  };

  const checkBearer = async (token: string, address: string): Promise<Caller> => {
    const digest = digestOf(token);
    const caller = await check(digest, address, () => byBearer(token, digest));
    if (caller === null) throw badCredential();
    return caller;
  };

  /** Whom a credential names where it need not name anybody. Most do not: those cost nothing. */
  const ifKnown = async (token: string): Promise<Caller | null> => {
    const isKey = token.startsWith(KEY_PREFIX);
    if (!isKey && !LIKE_A_TOKEN.test(token)) return null;
    const digest = isKey ? digestOf(token) : "";
    if ((unknown.get(digest) ?? 0) > clock.now()) return null;
    const caller = await byBearer(token, digest);
    if (caller === null && isKey) keep(unknown, digest, clock.now() + UNKNOWN_KEPT_MS);
    return caller;
  };

  return {
    async authenticate(request, host) {
      const token = bearerOf(request);
      const address = addressOf(request, host, env);
      if (token !== undefined) return { caller: await checkBearer(token, address), setCookies: [] };
      if (!hasSessionCookie(request)) throw noCredential();
      // First of all: reading an old session refreshes it, which another site's page must not bring about.
      assertSameOrigin(request, env);
      const digest = digestOf(request.headers.get("cookie") ?? "");
      const found = await check(digest, address, () => byCookie(request));
      if (found === null) throw new GatewayError("unauthorized", "The session has expired. Sign in again.");
      return found;
    },
    async authenticateProxy(request, host) {
      assertServiceRole(env);
      const token = bearerOf(request);
      if (token === undefined || token === "") throw noCredential();
      if (door.isClosed) return checkBearer(token, addressOf(request, host, env));
      // Whom we know is let in whether the door is open or not, also when the database cannot say.
      const caller = await ifKnown(token);
      if (caller !== null) return caller;
      if (await door.isOpen()) return OPEN_CALLER;
      failures.note(addressOf(request, host, env));
      throw badCredential();
    },
    async takesAnyBearer() {
      assertServiceRole(env);
      return door.isOpen();
    },
    keyCreated: () => door.close(),
    keyRevoked: (keyId) => cache.revoke(keyId),
  };
}

/** Three parts of base64url: only such a text could be an access token. */
const LIKE_A_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

function noCredential(): GatewayError {
  return new GatewayError("unauthorized", "Send an API key or an access token as 'Authorization: Bearer …'.");
}

function badCredential(): GatewayError {
  return new GatewayError("unauthorized", "The API key or access token is not valid.");
}

/** Keys, their limits and the ledger of these routes are the service role's. */
function assertServiceRole(env: Env): void {
  if (env.SUPABASE_SERVICE_ROLE_KEY !== undefined) return;
  throw new GatewayError("not_configured", "This needs the service role: set SUPABASE_SERVICE_ROLE_KEY.");
}

function digestOf(credential: string): string {
  return hash("sha256", credential);
}

function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  const bearer = header === null ? undefined : /^Bearer[ ]+(\S.*)$/i.exec(header)?.[1]?.trim();
  if (header !== null && bearer === undefined) {
    throw new GatewayError("unauthorized", "The Authorization header must read 'Bearer …'.");
  }
  return bearer ?? request.headers.get("x-api-key")?.trim() ?? undefined;
}

/** A cookie is sent by any page that asks: only our own may write with it. */
function assertSameOrigin(request: Request, env: Env): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const origin = request.headers.get("origin");
  const forwarded = env.TRUST_PROXY || env.VERCEL ? request.headers.get("x-forwarded-host") : null;
  const host = forwarded ?? request.headers.get("host") ?? new URL(request.url).host;
  const ours =
    origin === null
      ? request.headers.get("sec-fetch-site") === "same-origin"
      : hostOf(origin) === host || origin === originOf(env.NEXT_PUBLIC_APP_URL);
  if (!ours)
    throw new GatewayError("forbidden", "A session cookie is only accepted from this site's own pages.");
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).origin;
}

/** The caller's address: the socket's, or what a trusted proxy says. */
export function addressOf(request: Request, host: HostContext, env: Env): string {
  if (env.TRUST_PROXY || env.VERCEL) {
    // The last entry is the one that our own proxy wrote.
    const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
    if (forwarded !== undefined && forwarded !== "") return forwarded;
  }
  return host.remoteAddress ?? "unknown";
}

/** Counts failed credentials per address and minute. */
class FailureLimiter {
  readonly #clock: Clock;
  readonly #limit: number;
  #counts = new Map<string, number>();
  #minute = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  assertAllowed(address: string): void {
    if (this.#limit === 0 || (this.#current().get(address) ?? 0) < this.#limit) return;
    const retryAfterSeconds = Math.ceil((MINUTE_MS - (this.#clock.now() % MINUTE_MS)) / 1_000);
    throw new GatewayError("too_many_auth_failures", "Too many failed credentials from this address.", {
      retryAfterSeconds,
    });
  }

  note(address: string): void {
    const counts = this.#current();
    keep(counts, address, (counts.get(address) ?? 0) + 1);
  }

  #current(): Map<string, number> {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts = new Map();
    }
    return this.#counts;
  }
}
