import type { AdminCheck } from "#lib/server/auth/admin.ts";
import { BearerLookup, digestOf } from "#lib/server/auth/bearer-lookup.ts";
import { isConfiguredToken } from "#lib/server/auth/configured-token.ts";
import { CredentialCheck } from "#lib/server/auth/credential-check.ts";
import type { ChangedKeys } from "#lib/server/auth/key-cache.ts";
import { OpenAccess } from "#lib/server/auth/open-access.ts";
import { assertSameOrigin } from "#lib/server/auth/same-origin.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Identified, InternalCaller, MetricsReader } from "#lib/server/http/access.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { Caller, ProxyCaller } from "#lib/services/identity/caller.ts";
import type {
  AccessTokenVerifier,
  GatewayKeyStore,
  SessionCookies,
} from "#lib/services/identity/credentials.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type Authentication = { caller: Caller /** Cookies of a refreshed session. */; setCookies: string[] };

type UserCaller = Extract<Caller, { kind: "user" }>;

export type Authenticator = {
  /**
   * The caller of a request with a gateway key or Supabase access token as bearer (or `x-api-key`), or with a
   * Supabase session cookie. Throws `unauthorized`, `forbidden` (a cookie from another origin),
   * `too_many_auth_failures`, `not_configured` or `database_unavailable`.
   */
  authenticate(request: Request, host: HostContext): Promise<Authentication>;
  /**
   * The caller of an OpenAI-compatible route, with a gateway key or access token as bearer or `x-api-key`, never
   * a cookie. Until a gateway key has ever been created, any other bearer is an open caller. Throws as
   * `authenticate` does, and `not_configured` without a service role key.
   */
  authenticateProxy(request: Request, host: HostContext): Promise<ProxyCaller>;
  /**
   * Whoever may read the metrics: the holder of METRICS_TOKEN, or an administrator as `authenticate` finds them.
   * Throws as that does, and `forbidden` for anybody else.
   */
  authenticateMetrics(request: Request, host: HostContext): Promise<Identified<MetricsReader | UserCaller>>;
  /** The holder of MCP_INTERNAL_KEY. Throws `unauthorized` or `too_many_auth_failures`. */
  authenticateInternal(request: Request, host: HostContext): Promise<InternalCaller>;
  /** Whether any bearer is accepted now. Throws `database_unavailable` or `not_configured`. */
  takesAnyBearer(): Promise<boolean>;
  /** A gateway key was created in this process: access is closed from now on. */
  keyCreated(): void;
  /** A gateway key was revoked in this process: it is rejected from now on. */
  keyRevoked(keyId: string): void;
  /** Keys were changed or rotated, here or in another process: they are looked up again when they are next used. */
  keysChanged(ids: ChangedKeys): void;
};

export type AuthDependencies = {
  env: Env;
  clock: Clock;
  keys: GatewayKeyStore;
  verifyToken: AccessTokenVerifier;
  cookies: SessionCookies;
  isAdmin: AdminCheck;
  /** Warned once, when any bearer is accepted. */
  logger?: Pick<Logger, "warn"> | undefined;
};

const OPEN_CALLER: ProxyCaller = { kind: "open" };
const INTERNAL_CALLER: InternalCaller = { kind: "internal" };

export function createAuthenticator(dependencies: AuthDependencies): Authenticator {
  return new GatewayAuthenticator(dependencies);
}

class GatewayAuthenticator implements Authenticator {
  readonly #env: Env;
  readonly #cookies: SessionCookies;
  readonly #isAdmin: AdminCheck;
  readonly #bearers: BearerLookup;
  readonly #openAccess: OpenAccess;
  readonly #check: CredentialCheck;

  constructor({ env, clock, keys, verifyToken, cookies, isAdmin, logger }: AuthDependencies) {
    this.#env = env;
    this.#isAdmin = isAdmin;
    this.#cookies = cookies;
    this.#bearers = new BearerLookup({ clock, keys, verifyToken });
    this.#openAccess = new OpenAccess(keys, clock, () =>
      logger?.warn(
        "The OpenAI-compatible routes accept any bearer: no gateway key has been created yet. Create one to close them.",
      ),
    );
    this.#check = new CredentialCheck(clock, env.AUTH_FAILURES_PER_MINUTE);
  }

  async authenticate(request: Request, host: HostContext): Promise<Authentication> {
    const token = bearerOf(request);
    const address = clientAddress(request, host, this.#env);
    if (token !== undefined) return { caller: await this.#checkBearer(token, address), setCookies: [] };
    if (!this.#cookies.mayHoldSession(request)) throw noCredential();
    // Comes first: reading an old session refreshes it, which a page of another site must not trigger.
    assertSameOrigin(request, this.#env);
    const digest = digestOf(request.headers.get("cookie") ?? "");
    const found = await this.#check.run(digest, address, () => this.#byCookie(request));
    if (found === null) throw new GatewayError("unauthorized", "The session has expired. Sign in again.");
    return found;
  }

  async authenticateProxy(request: Request, host: HostContext): Promise<ProxyCaller> {
    assertServiceRole(this.#env);
    const token = bearerOf(request);
    if (token === undefined || token === "") throw noCredential();
    if (this.#openAccess.isClosed) return this.#checkBearer(token, clientAddress(request, host, this.#env));
    // A known caller keeps its identity while access is open, also if the database cannot say whether it is.
    const caller = await this.#bearers.findIfLikely(token);
    if (caller !== null) return caller;
    if (await this.#openAccess.isOpen()) return OPEN_CALLER;
    this.#check.noteFailure(clientAddress(request, host, this.#env));
    throw badCredential();
  }

  async authenticateMetrics(
    request: Request,
    host: HostContext,
  ): Promise<Identified<MetricsReader | UserCaller>> {
    if (isConfiguredToken(bearerOf(request), this.#env.METRICS_TOKEN)) {
      return { caller: { kind: "metrics" }, setCookies: [] };
    }
    const { caller, setCookies } = await this.authenticate(request, host);
    host.callerKind = caller.kind;
    // Asked also of a gateway key, which is never an administrator.
    if (caller.kind === "user" && (await this.#isAdmin(caller))) return { caller, setCookies };
    throw new GatewayError(
      "forbidden",
      "Only administrators and the holder of METRICS_TOKEN read the metrics.",
    );
  }

  async authenticateInternal(request: Request, host: HostContext): Promise<InternalCaller> {
    const token = bearerOf(request);
    if (token === undefined) throw noCredential();
    const address = clientAddress(request, host, this.#env);
    const caller = await this.#check.run(digestOf(token), address, async () =>
      isConfiguredToken(token, this.#env.MCP_INTERNAL_KEY) ? INTERNAL_CALLER : null,
    );
    if (caller === null) throw badCredential();
    return caller;
  }

  async takesAnyBearer(): Promise<boolean> {
    assertServiceRole(this.#env);
    return this.#openAccess.isOpen();
  }

  keyCreated(): void {
    this.#openAccess.close();
  }

  keyRevoked(keyId: string): void {
    this.#bearers.revokeKey(keyId);
  }

  keysChanged(ids: ChangedKeys): void {
    this.#bearers.keysChanged(ids);
  }

  async #checkBearer(token: string, address: string): Promise<Caller> {
    const digest = digestOf(token);
    const caller = await this.#check.run(digest, address, () => this.#bearers.find(token, digest));
    if (caller === null) throw badCredential();
    return caller;
  }

  async #byCookie(request: Request): Promise<Authentication | null> {
    const session = await this.#cookies.read(request);
    if (session === null) return null;
    const { accessToken, setCookies } = session;
    // A cookie holds the token of a session; a gateway key in one is not looked up.
    const caller = await this.#bearers.findUser(accessToken);
    return caller === null ? null : { caller, setCookies };
  }
}

function noCredential(): GatewayError {
  return new GatewayError("unauthorized", "Send an API key or an access token as 'Authorization: Bearer …'.");
}

function badCredential(): GatewayError {
  return new GatewayError("unauthorized", "The API key or access token is not valid.");
}

/** Keys, their limits and the ledger of these routes need the service role. */
function assertServiceRole(env: Env): void {
  if (env.SUPABASE_SERVICE_ROLE_KEY !== undefined) return;
  throw new GatewayError("not_configured", "This needs the service role: set SUPABASE_SERVICE_ROLE_KEY.");
}

function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  const bearer = header === null ? undefined : /^Bearer[ ]+(\S.*)$/i.exec(header)?.[1]?.trim();
  if (header !== null && bearer === undefined) {
    throw new GatewayError("unauthorized", "The Authorization header must read 'Bearer …'.");
  }
  return bearer ?? request.headers.get("x-api-key")?.trim() ?? undefined;
}
