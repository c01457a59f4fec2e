import { resolve } from "node:path";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { findUserByEmail } from "#lib/adapters/supabase/users.ts";
import { isUserId, type PlaceOptions } from "#lib/server/cli/key-options.ts";
import { connectLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import type { Env } from "#lib/server/env/env.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Longer than for a request, milliseconds. */
export const TIMEOUT_MS = 15_000;

/** The database of the keys, and whose they are. */
export type Place = {
  clients: SupabaseClients;
  userId: string;
  /** The database, in words. */
  name: string;
  /** Which gateway knows a new key, and when: a sentence. */
  effect: string;
  close(): Promise<void>;
};

const KNOWN_AT_ONCE = "knows it at once, and stops accepting any bearer within 5 s.";

/** The database that a gateway with these settings uses. */
export function keyPlace(env: Env, options: PlaceOptions): Promise<Place> {
  return isSupabaseConfigured(env) ? hostedPlace(env, options) : localPlace(env, options);
}

/** A Supabase project. */
async function hostedPlace(env: Env, { user, local }: PlaceOptions): Promise<Place> {
  const { NEXT_PUBLIC_SUPABASE_URL: url = "", NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey = "" } = env;
  if (local) {
    throw new GatewayError(
      "invalid_request",
      `--local is for the local database, but NEXT_PUBLIC_SUPABASE_URL is set: a gateway with these settings uses ${hostOf(url)}.`,
    );
  }
  const serviceRoleKey = env.SUPABASE_SERVICE_ROLE_KEY;
  if (serviceRoleKey === undefined) {
    throw new GatewayError(
      "not_configured",
      "Managing keys needs the service role: set SUPABASE_SERVICE_ROLE_KEY.",
    );
  }
  if (user === undefined) {
    throw new GatewayError(
      "invalid_request",
      "Name the owner of the key: --user with the e-mail address or the id of a user of your Supabase project.",
    );
  }
  const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey, timeoutMs: TIMEOUT_MS });
  const userId = isUserId(user) ? user : await findUserByEmail(clients, user);
  if (userId === undefined) throw noSuchUser(user);
  return {
    clients,
    userId,
    name: `the database at ${hostOf(url)}`,
    effect: `A running gateway that uses this database ${KNOWN_AT_ONCE}`,
    close: () => Promise.resolve(),
  };
}

function hostOf(url: string): string {
  return new URL(url).host;
}

async function localPlace(env: Env, { user, local: mayCreate }: PlaceOptions): Promise<Place> {
  const local = await connectLocalSupabase(env.SARMALINK_DATA_DIR, mayCreate);
  if (local === undefined) throw noLocalDatabase(env.SARMALINK_DATA_DIR);
  try {
    const userId = user !== undefined && isUserId(user) ? user : await local.findUser(user);
    if (userId === undefined) throw noSuchUser(user ?? "the demo user");
    const { url, publishableKey, secretKey } = local;
    const clients = createSupabaseClients({
      url,
      publishableKey,
      serviceRoleKey: secretKey,
      timeoutMs: TIMEOUT_MS,
    });
    return {
      clients,
      userId,
      name: `the local database in ${local.dataDir}`,
      effect: local.isOfGateway
        ? `The gateway that runs on it ${KNOWN_AT_ONCE}`
        : "No gateway runs on this database now; one that uses another database does not know this key.",
      close: () => local.close(),
    };
  } catch (error) {
    await local.close();
    throw error;
  }
}

/** A new database would have no gateway: the key would be of no use, and open access would stay open. */
function noLocalDatabase(dataDir: string): GatewayError {
  return new GatewayError(
    "not_found",
    `There is no local database in ${resolve(dataDir)}, and no Supabase is configured, so no key was created. ` +
      "If your gateway runs, give this command the same settings (NEXT_PUBLIC_SUPABASE_URL and the others, or " +
      "SARMALINK_DATA_DIR). To create a local database, start the gateway first, or add --local.",
  );
}

/** There is no user with this e-mail address or id. */
export function noSuchUser(user: string): GatewayError {
  return new GatewayError("not_found", `There is no user ${user} in this database.`);
}
