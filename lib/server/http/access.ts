import type { Env } from "#lib/server/env/env.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { Caller, ProxyCaller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A program that reads the metrics, by their token. */
export type MetricsReader = { kind: "metrics" };

/** A program of the operator's, by MCP_INTERNAL_KEY. */
export type InternalCaller = { kind: "internal" };

type UserCaller = Extract<Caller, { kind: "user" }>;

/** The type of the caller, by the access that a route declares. */
export type CallerByAccess = {
  /** Anybody, without a credential. */
  public: undefined;
  /** A signed-in user, or a gateway key. */
  caller: Caller;
  /** A signed-in user. */
  user: UserCaller;
  /** A signed-in user whom ADMIN_USER_IDS or ADMIN_EMAILS lists; a gateway key of theirs is none. */
  admin: UserCaller;
  /** The holder of METRICS_TOKEN, or a signed-in administrator. */
  metrics: UserCaller | MetricsReader;
  /** The holder of MCP_INTERNAL_KEY. */
  internal: InternalCaller;
  /** A key or token of an OpenAI or Anthropic client, never a cookie; off unless ENABLE_OPENAI_PROXY is set. */
  proxy: ProxyCaller;
};
export type Access = keyof CallerByAccess;

/** The caller, and the cookies of a session that had to be refreshed. */
export type Identified<Known extends AnyCaller = AnyCaller> = { caller: Known; setCookies: string[] };

type AnyCaller = ProxyCaller | MetricsReader | InternalCaller;

/** What access rules need to identify a caller; the authenticator implements it. */
export type Identifier = {
  authenticate(request: Request, host: HostContext): Promise<Identified<Caller>>;
  authenticateProxy(request: Request, host: HostContext): Promise<ProxyCaller>;
  authenticateMetrics(request: Request, host: HostContext): Promise<Identified<UserCaller | MetricsReader>>;
  authenticateInternal(request: Request, host: HostContext): Promise<InternalCaller>;
};

/** The settings that access rules read. */
export type AccessSettings = Pick<Env, "ENABLE_OPENAI_PROXY" | "MCP_INTERNAL_KEY">;

export type AccessRule<Known> = {
  /** Throws `not_found` or `not_configured` if the settings disable routes of this access, whatever the method. */
  assertEnabled(settings: AccessSettings): void;
  /** Identifies the caller, or throws; undefined if no credential is needed. */
  identify: [Known] extends [AnyCaller]
    ? (by: Identifier, request: Request, host: HostContext) => Promise<Identified<Known>>
    : undefined;
  /** Throws `forbidden` for an identified caller who may not use routes of this access. */
  assertAllowed?(caller: AnyCaller, isAdmin: (caller: Caller) => Promise<boolean>): Promise<void>;
};

const alwaysEnabled = (): void => undefined;

/** What each access means: the one place that decides whether a caller may use a route. */
export const ACCESS_RULES: { readonly [Kind in Access]: AccessRule<CallerByAccess[Kind]> } = {
  public: { assertEnabled: alwaysEnabled, identify: undefined },
  caller: {
    assertEnabled: alwaysEnabled,
    identify: (by, request, host) => by.authenticate(request, host),
  },
  user: { assertEnabled: alwaysEnabled, identify: identifyUser },
  admin: {
    assertEnabled: alwaysEnabled,
    identify: identifyUser,
    async assertAllowed(caller, isAdmin) {
      if (caller.kind === "user" && (await isAdmin(caller))) return;
      throw new GatewayError(
        "forbidden",
        "Only administrators may do this: users whom ADMIN_USER_IDS or ADMIN_EMAILS lists.",
      );
    },
  },
  metrics: {
    assertEnabled: alwaysEnabled,
    identify: (by, request, host) => by.authenticateMetrics(request, host),
  },
  internal: {
    assertEnabled(settings) {
      if (settings.MCP_INTERNAL_KEY !== undefined) return;
      throw new GatewayError("not_configured", "This needs a key of the operator's: set MCP_INTERNAL_KEY.");
    },
    async identify(by, request, host) {
      return { caller: await by.authenticateInternal(request, host), setCookies: [] };
    },
  },
  proxy: {
    assertEnabled(settings) {
      if (settings.ENABLE_OPENAI_PROXY) return;
      throw new GatewayError(
        "not_found",
        "The OpenAI-compatible routes are switched off. Set ENABLE_OPENAI_PROXY=true to use them.",
      );
    },
    async identify(by, request, host) {
      return { caller: await by.authenticateProxy(request, host), setCookies: [] };
    },
  },
};

/** Throws `forbidden` for a gateway key, whatever its owner may do. */
async function identifyUser(
  by: Identifier,
  request: Request,
  host: HostContext,
): Promise<Identified<UserCaller>> {
  const { caller, setCookies } = await by.authenticate(request, host);
  // The access line names the caller of a refused request, too.
  host.callerKind = caller.kind;
  if (caller.kind === "user") return { caller, setCookies };
  // A stolen gateway key could create others, which would stay valid after it is revoked.
  throw new GatewayError(
    "forbidden",
    "A gateway key is not accepted here. Sign in, or send a Supabase access token.",
  );
}
