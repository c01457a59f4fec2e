import { createHash } from "node:crypto";
import type { AccessTokenVerifier } from "#lib/adapters/supabase/access-tokens.ts";
import type { FoundGatewayKey, GatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { type CookieSessionReader, hasSessionCookie } from "#lib/adapters/supabase/session-cookies.ts";
import type { Env } from "#lib/server/env.ts";
import type { HostContext } from "#lib/server/host-context.ts";
import type { Caller } from "#lib/services/caller.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const KEY_PREFIX = "sk-sarmalink-";
const KEY_KEPT_MS = 60_000;
/** A key that was good a minute ago does not wait longer than this for the database, milliseconds. */
const STALE_PATIENCE_MS = 500;
/** Who was let in is not shut out for this long by what others do at the same address, milliseconds. */
const ADMITTED_MS = 3_600_000;
const MOST_KEPT = 10_000;
const MINUTE_MS = 60_000;

export type Authentication = { caller: Caller /** Cookies of a refreshed session. */; setCookies: string[] };

export type Authenticator = {
  /**
   * Who is calling: a gateway key or Supabase access token as bearer (or `x-api-key`), or a Supabase
   * session cookie. Throws `unauthorized`, `forbidden` (a cookie from another origin),
   * `too_many_auth_failures`, `not_configured` or `database_unavailable`.
   */
  authenticate(request: Request, host: HostContext): Promise<Authentication>;
};

export type AuthDependencies = {
  env: Env;
  clock: Clock;
  keys: GatewayKeyStore;
  verifyToken: AccessTokenVerifier;
  readCookies: CookieSessionReader;
};

export function createAuthenticator(dependencies: AuthDependencies): Authenticator {
  const { env, clock, verifyToken, readCookies } = dependencies;
  const findKey = cachedKeyLookup(dependencies);
  const failures = new FailureLimiter(clock, env.AUTH_FAILURES_PER_MINUTE);

  const admitted = new Map<string, number>();

  const byBearer = async (token: string): Promise<Caller | null> => {
    if (token.startsWith(KEY_PREFIX)) {
      const key = await findKey(digestOf(token));
      return key === null ? null : { kind: "key", ...key };
    }
    const user = await verifyToken(token);
    return user === null
      ? null
      : { kind: "user", userId: user.userId, email: user.email, accessToken: token };
  };

  const byCookie = async (request: Request): Promise<Authentication | null> => {
    const session = await readCookies(request);
    const caller = session === null ? null : await byBearer(session.accessToken);
    return session === null || caller === null ? null : { caller, setCookies: session.setCookies };
  };

  /** Checks a credential. Whoever keeps failing gets no further check: it costs a database call at worst. */
  const check = async (
    credential: string,
    address: string,
    verify: () => Promise<Authentication | null>,
  ): Promise<Authentication | null> => {
    const digest = digestOf(credential);
    if ((admitted.get(digest) ?? 0) <= clock.now()) failures.assertAllowed(address);
    const authentication = await verify();
    admitted.delete(digest);
    if (authentication === null) failures.note(address);
    else keep(admitted, digest, clock.now() + ADMITTED_MS);
    return authentication;
  };

  return {
    async authenticate(request, host) {
      const token = bearerOf(request);
      const address = addressOf(request, host, env);
      if (token !== undefined) {
        const found = await check(token, address, async () => {
          const caller = await byBearer(token);
          return caller === null ? null : { caller, setCookies: [] };
        });
        if (found === null)
          throw new GatewayError("unauthorized", "The API key or access token is not valid.");
        return found;
      }
      if (!hasSessionCookie(request)) {
        throw new GatewayError(
          "unauthorized",
          "Send an API key or an access token as 'Authorization: Bearer …'.",
        );
      }
      // First of all: reading an old session refreshes it, which another site's page must not bring about.
      assertSameOrigin(request, env);
      const found = await check(request.headers.get("cookie") ?? "", address, () => byCookie(request));
      if (found === null) throw new GatewayError("unauthorized", "The session has expired. Sign in again.");
      return found;
    },
  };
}

function digestOf(credential: string): string {
  return createHash("sha256").update(credential).digest("hex");
}

/** Sets an entry of a map that stays bounded: the oldest goes. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= MOST_KEPT && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
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
function addressOf(request: Request, host: HostContext, env: Env): string {
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

/** Gateway keys by digest: found ones are remembered for a minute, so that the hot path asks no database. */
function cachedKeyLookup({
  keys,
  clock,
}: AuthDependencies): (digest: string) => Promise<FoundGatewayKey | null> {
  const kept = new Map<string, { found: FoundGatewayKey; until: number }>();
  const asking = new Map<string, Promise<FoundGatewayKey | null>>();

  const find = async (digest: string): Promise<FoundGatewayKey | null> => {
    const found = await keys.findByHash(digest);
    if (found === null) kept.delete(digest);
    else keep(kept, digest, { found, until: clock.now() + KEY_KEPT_MS });
    return found;
  };
  const ask = (digest: string): Promise<FoundGatewayKey | null> => {
    const asked = asking.get(digest) ?? find(digest).finally(() => asking.delete(digest));
    asking.set(digest, asked);
    return asked;
  };

  return async (digest) => {
    const known = kept.get(digest);
    if (known === undefined) return ask(digest);
    if (known.until > clock.now()) return known.found;
    // While the database is away, or slow, a key that was good is still good.
    const answered = new AbortController();
    const patience = sleep(clock, STALE_PATIENCE_MS, answered.signal).then(() => known.found);
    const asked = ask(digest).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === "database_unavailable") return known.found;
      throw error;
    });
    try {
      return await Promise.race([asked, patience]);
    } finally {
      answered.abort();
    }
  };
}
