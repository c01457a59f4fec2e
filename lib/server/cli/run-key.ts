import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseKeyRegister } from "#lib/adapters/supabase/gateway-key-store.ts";
import { findUserByEmail } from "#lib/adapters/supabase/users.ts";
import { loadSettings } from "#lib/server/cli/command.ts";
import { isUserId, KEY_HELP, type KeyOptions, readKeyOptions } from "#lib/server/cli/key-options.ts";
import { connectLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import type { Env } from "#lib/server/env/env.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { loadProviders, realProviders } from "#lib/server/wiring/providers.ts";
import { budgetCoverage, createGatewayKey } from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Longer than for a request, milliseconds. */
const TIMEOUT_MS = 15_000;

/** The database for the new key, and its owner. */
type Place = {
  clients: SupabaseClients;
  userId: string;
  /** The database, in words. */
  name: string;
  /** Which gateway knows the new key, and when: a sentence. */
  effect: string;
  close(): Promise<void>;
};

const KNOWN_AT_ONCE = "knows it at once, and stops accepting any bearer within 5 s.";

/** `npm run key`: creates a gateway key and prints it, once. Returns the exit code. */
export async function runKey(args: readonly string[]): Promise<number> {
  const options = readKeyOptions(args);
  if (options === undefined) {
    console.log(KEY_HELP);
    return 0;
  }
  const env = await loadSettings(false);
  const place = isSupabaseConfigured(env) ? await hostedPlace(env, options) : await localPlace(env, options);
  try {
    const { key, prefix } = await create(place, options);
    console.error(
      `This key is in ${place.name}. ${place.effect} ` +
        `It is shown only now, and listed as ${prefix}…, ${describe(options)}.`,
    );
    console.log(key);
    if (options.limits.usdPerMonth !== undefined) console.error(await budgetNote(env));
    return 0;
  } finally {
    await place.close();
  }
}

/** The providers whose calls count against the budget, with the settings of this command. */
async function budgetNote(env: Env): Promise<string> {
  const { registry } = await loadProviders(env);
  const { countedProviders, freeProviders } = budgetCoverage(registry, realProviders({ registry }));
  const counted =
    countedProviders.length === 0
      ? "No configured provider counts against the budget by itself"
      : `These count against the budget: ${countedProviders.join(", ")}`;
  if (freeProviders.length === 0) return `${counted}.`;
  return `${counted}; ${freeProviders.join(", ")} are taken to be free. If you pay one of them, add it to PAID_PROVIDERS.`;
}

async function create(
  { clients, userId }: Place,
  { name, limits }: KeyOptions,
): Promise<Awaited<ReturnType<typeof createGatewayKey>>> {
  try {
    return await createGatewayKey(
      { userId, name, limits },
      {
        register: createSupabaseKeyRegister({ clients, timeoutMs: TIMEOUT_MS }),
        randomHex: (bytes) => randomBytes(bytes).toString("hex"),
        // No gateway runs in this process.
        onCreated: () => undefined,
        onRevoked: () => undefined,
      },
    );
  } catch (error) {
    // The code for an owner that does not exist; its message is for a caller whose account was deleted.
    if (error instanceof GatewayError && error.code === "unauthorized") throw noSuchUser(userId);
    throw error;
  }
}

async function hostedPlace(env: Env, { user, local }: KeyOptions): Promise<Place> {
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
      "Creating keys needs the service role: set SUPABASE_SERVICE_ROLE_KEY.",
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

async function localPlace(env: Env, { user, local: mayCreate }: KeyOptions): Promise<Place> {
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

function noSuchUser(user: string): GatewayError {
  return new GatewayError("not_found", `There is no user ${user} in this database.`);
}

function describe({ name, limits }: KeyOptions): string {
  const { usdPerMonth, requestsPerMinute, modes } = limits;
  return [
    `"${name}"`,
    usdPerMonth === undefined ? "no budget" : `${usdPerMonth} US dollars a month`,
    requestsPerMinute === undefined ? "no limit of requests" : `${requestsPerMinute} requests a minute`,
    modes === undefined ? "all modes" : `modes ${modes.join(", ")}`,
  ].join(", ");
}
