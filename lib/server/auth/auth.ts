import { hash } from "node:crypto";
import { FailureLimiter } from "#lib/server/auth/failure-limiter.ts";
import { KeyCache } from "#lib/server/auth/key-cache.ts";
import { OpenAccess } from "#lib/server/auth/open-access.ts";
import { assertSameOrigin } from "#lib/server/auth/same-origin.ts";
import type { Env } from "#lib/server/env/env.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { Caller, ProxyCaller } from "#lib/services/identity/caller.ts";
import type {
  AccessTokenVerifier,
  GatewayKeyStore,
  SessionCookies,
} from "#lib/services/identity/credentials.ts";
import { KEY_PREFIX } from "#lib/services/identity/gateway-keys.ts";
import type { Logger } from "#lib/services/ports.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A caller who was let in is not shut out for this long by what others do at the same address, milliseconds. */
const ADMITTED_MS = 3_600_000;
/** While any bearer is taken: a key that is none is not looked up again for this long, milliseconds. */
const UNKNOWN_KEPT_MS = 5_000;
/** Credentials that are remembered, of each kind. */
const MAX_REMEMBERED = 10_000;

export type Authentication = { caller: Caller /** Cookies of a refreshed session. */; setCookies: string[] };

export type Authenticator = {
  /**
   * Who is calling: a gateway key or Supabase access token as bearer (or `x-api-key`), or a Supabase
   * session cookie. Throws `unauthorized`, `forbidden` (a cookie from another origin),
   * `too_many_auth_failures`, `not_configured` or `database_unavailable`.
   */
  authenticate(request: Request, host: HostContext): Promise<Authentication>;
  /**
   * Who is calling an OpenAI-compatible route: a gateway key or access token, as bearer or `x-api-key`, never a
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
  cookies: SessionCookies;
  /** Warned once, when any bearer is accepted. */
  logger?: Pick<Logger, "warn"> | undefined;
};

const OPEN_CALLER: ProxyCaller = { kind: "open" };

export function createAuthenticator(dependencies: AuthDependencies): Authenticator {
  const { env, clock, keys, verifyToken, cookies, logger } = dependencies;
  const cache = new KeyCache(keys, clock);
  const openAccess = new OpenAccess(keys, clock, () =>
    logger?.warn(
      "The OpenAI-compatible routes take any bearer: no gateway key has been created yet. Create one to close them.",
    ),
  );
  const failures = new FailureLimiter(clock, env.AUTH_FAILURES_PER_MINUTE);
  const admitted = new BoundedMap<string, number>(MAX_REMEMBERED);
  const unknown = new BoundedMap<string, number>(MAX_REMEMBERED);

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
    const session = await cookies.read(request);
    // What a cookie holds is a session's token: a gateway key in one is none, and none is looked up.
    const user = session === null ? null : await verifyToken(session.accessToken);
    if (session === null || user === null) return null;
    const { userId, email } = user;
    const { accessToken, setCookies } = session;
    return { caller: { kind: "user", userId, email, accessToken }, setCookies };
  };

  /** Checks a credential. An address that keeps failing gets no further check: one costs a database call at worst. */
  const check = async <Found>(
    digest: string,
    address: string,
    verify: () => Promise<Found | null>,
  ): Promise<Found | null> => {
    if ((admitted.get(digest) ?? 0) <= clock.now()) failures.assertAllowed(address);
    const found = await verify();
    admitted.delete(digest);
    if (found === null) failures.note(address);
    else admitted.set(digest, clock.now() + ADMITTED_MS);
    return found;
  };

  const checkBearer = async (token: string, address: string): Promise<Caller> => {
    const digest = digestOf(token);
    const caller = await check(digest, address, () => byBearer(token, digest));
    if (caller === null) throw badCredential();
    return caller;
  };

  /** The caller whom a credential names, while none has to. Most name nobody: those cost nothing. */
  const identifyOptional = async (token: string): Promise<Caller | null> => {
    const isKey = token.startsWith(KEY_PREFIX);
    if (!isKey && !JWT_SHAPE.test(token)) return null;
    const digest = isKey ? digestOf(token) : "";
    if ((unknown.get(digest) ?? 0) > clock.now()) return null;
    const caller = await byBearer(token, digest);
    if (caller === null && isKey) unknown.set(digest, clock.now() + UNKNOWN_KEPT_MS);
    return caller;
  };

  return {
    async authenticate(request, host) {
      const token = bearerOf(request);
      const address = clientAddress(request, host, env);
      if (token !== undefined) return { caller: await checkBearer(token, address), setCookies: [] };
      if (!cookies.mayHoldSession(request)) throw noCredential();
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
      if (openAccess.isClosed) return checkBearer(token, clientAddress(request, host, env));
      // A known caller keeps its identity while access is open, also when the database cannot say whether it is.
      const caller = await identifyOptional(token);
      if (caller !== null) return caller;
      if (await openAccess.isOpen()) return OPEN_CALLER;
      failures.note(clientAddress(request, host, env));
      throw badCredential();
    },
    async takesAnyBearer() {
      assertServiceRole(env);
      return openAccess.isOpen();
    },
    keyCreated: () => openAccess.close(),
    keyRevoked: (keyId) => cache.revoke(keyId),
  };
}

/** Three parts of base64url: only such a text could be an access token. */
const JWT_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;

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
