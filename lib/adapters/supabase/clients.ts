import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createRpc, type Rpc } from "#lib/adapters/supabase/rpc.ts";
import { fetchTransport, undiciTransport } from "#lib/adapters/supabase/rpc-transport.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SupabaseClientsOptions = {
  /** Project URL, e.g. `https://abc.supabase.co`. */
  url: string;
  /** Publishable (anon) key, which users' calls carry beside their own token. */
  publishableKey: string;
  /** Secret (service role) key; without it only users can be served. */
  serviceRoleKey?: string | undefined;
  /** Injected in tests. By default functions are called without fetch, and all else with the global one. */
  fetch?: typeof fetch | undefined;
  /** Upper bound in milliseconds for every single call, 10 000 by default. Callers may set a shorter one. */
  timeoutMs?: number | undefined;
};

/** The database API of a Supabase client, without signing in and out; functions are called by our own `Rpc`. */
export type DatabaseClient = Pick<SupabaseClient, "from"> & { rpc: Rpc };

export type SupabaseClients = {
  /** A client under row level security, as the user whose access token this is. */
  asUser(accessToken: string): DatabaseClient;
  /** A client without a user, for calls whose argument is their credential. */
  asAnonymous(): DatabaseClient;
  /** The service-role client. Throws `not_configured` when there is no service role key. */
  asService(): DatabaseClient;
  /** The users of the project, by the service role. Throws as `asService` does. */
  asUserAdmin(): SupabaseClient["auth"]["admin"];
  readonly hasServiceRole: boolean;
};

const DEFAULT_TIMEOUT_MS = 10_000;
/** A token is used for an hour. */
const CACHED_USER_CLIENTS = 500;

/**
 * Builds the clients of one Supabase project. This is the only file that sees the service role key;
 * neither client keeps a session or refreshes tokens.
 */
export function createSupabaseClients(options: SupabaseClientsOptions): SupabaseClients {
  const build = clientBuilder(options);
  const userClients = new Map<string, DatabaseClient>();
  let anonymousClient: DatabaseClient | undefined;
  let serviceClient: BuiltClient | undefined;

  const service = (): BuiltClient => {
    if (options.serviceRoleKey === undefined) {
      throw new GatewayError("not_configured", "This needs the service role: set SUPABASE_SERVICE_ROLE_KEY.");
    }
    serviceClient ??= build(options.serviceRoleKey);
    return serviceClient;
  };

  return {
    hasServiceRole: options.serviceRoleKey !== undefined,
    asUser(accessToken) {
      const client = userClients.get(accessToken) ?? build(options.publishableKey, accessToken);
      userClients.delete(accessToken);
      userClients.set(accessToken, client);
      const oldest = userClients.keys().next();
      if (userClients.size > CACHED_USER_CLIENTS && !oldest.done) userClients.delete(oldest.value);
      return client;
    },
    asAnonymous() {
      anonymousClient ??= build(options.publishableKey);
      return anonymousClient;
    },
    asService: service,
    asUserAdmin: () => service().whole.auth.admin,
  };
}

type BuiltClient = DatabaseClient & { readonly whole: SupabaseClient };

/** Builds a client for a key, and a user's access token. */
function clientBuilder(
  options: Pick<SupabaseClientsOptions, "url" | "fetch" | "timeoutMs">,
): (key: string, accessToken?: string) => BuiltClient {
  const { url, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const fetchWithTimeout = withTimeout(options.fetch ?? fetch, timeoutMs);
  const transport = options.fetch === undefined ? undiciTransport() : fetchTransport(options.fetch);
  const buildWhole = (key: string, accessToken: string | undefined): SupabaseClient =>
    createClient(url, key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      // The library's own retries would wait for seconds on a dead database.
      db: { retry: false },
      global: { fetch: fetchWithTimeout },
      ...(accessToken === undefined ? {} : { accessToken: async () => accessToken }),
    });
  return (key, accessToken) => {
    let whole: SupabaseClient | undefined;
    return {
      rpc: createRpc({ url, apiKey: key, bearer: accessToken ?? key, transport, timeoutMs }),
      // Most clients call functions alone. One of supabase-js costs about 50 µs to build.
      get whole() {
        whole ??= buildWhole(key, accessToken);
        return whole;
      },
      get from() {
        return this.whole.from.bind(this.whole);
      },
    };
  };
}

function withTimeout(fetchImplementation: typeof fetch, timeoutMs: number): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return fetchImplementation(input, { ...init, signal });
  };
}
