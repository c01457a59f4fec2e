import { randomBytes } from "node:crypto";
import { createSupabaseKeyRegister } from "#lib/adapters/supabase/gateway-key-register.ts";
import { loadSettings } from "#lib/server/cli/command.ts";
import { KEY_HELP, type KeyCommand, type KeyOptions, readKeyCommand } from "#lib/server/cli/key-options.ts";
import { keyPlace, noSuchUser, type Place, TIMEOUT_MS } from "#lib/server/cli/key-place.ts";
import type { Env } from "#lib/server/env/env.ts";
import { loadProviders, realProviders } from "#lib/server/wiring/providers.ts";
import type { GatewayKey } from "#lib/services/identity/gateway-key.ts";
import {
  coveredProviders,
  createGatewayKey,
  type GatewayKeyDependencies,
  revokeGatewayKey,
  rotateGatewayKey,
} from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** `npm run key`: creates, lists, rotates and revokes gateway keys. Returns the exit code. */
export async function runKey(args: readonly string[]): Promise<number> {
  const command = readKeyCommand(args);
  if (command === undefined) {
    console.log(KEY_HELP);
    return 0;
  }
  const env = await loadSettings(false);
  const place = await keyPlace(env, command.options);
  try {
    await carryOut(command, place, env);
    return 0;
  } finally {
    await place.close();
  }
}

async function carryOut(command: KeyCommand, place: Place, env: Env): Promise<void> {
  const keys = dependencies(place);
  const owner = { userId: place.userId, isAdmin: false };
  switch (command.name) {
    case "create":
      return create(place, command.options, env);
    case "list":
      for (const key of await keys.register.list(place.userId)) console.log(lineOf(key));
      return;
    case "rotate": {
      const { key, prefix, previousValidUntil } = await rotateGatewayKey(
        command.id,
        command.graceSeconds,
        owner,
        keys,
      );
      const until = previousValidUntil === null ? "stopped working now" : `works until ${previousValidUntil}`;
      console.error(`The new secret is shown only now, and listed as ${prefix}…. The old one ${until}.`);
      console.log(key);
      return;
    }
    case "revoke":
      await revokeGatewayKey(command.id, owner, keys);
      console.error("The key is revoked. Running gateways refuse it within 2 s.");
  }
}

/** No gateway runs in this process: there is nobody to tell. */
function dependencies({ clients }: Place): GatewayKeyDependencies {
  return {
    register: createSupabaseKeyRegister({ clients, timeoutMs: TIMEOUT_MS }),
    randomHex: (bytes) => randomBytes(bytes).toString("hex"),
    now: () => Date.now(),
    onCreated: () => undefined,
    onRevoked: () => undefined,
    onChanged: () => undefined,
  };
}

async function create(place: Place, options: KeyOptions, env: Env): Promise<void> {
  const { name, limits, expiresAt } = options;
  const { userId } = place;
  try {
    const made = await createGatewayKey({ userId, name, limits, expiresAt }, userId, dependencies(place));
    console.error(
      `This key is in ${place.name}. ${place.effect} ` +
        `It is shown only now, and listed as ${made.prefix}…, ${describe(options)}.`,
    );
    console.log(made.key);
  } catch (error) {
    // The code for an owner that does not exist; its message is for a caller whose account was deleted.
    if (error instanceof GatewayError && error.code === "unauthorized") throw noSuchUser(userId);
    throw error;
  }
  if (limits.usdPerMonth !== undefined) console.error(await budgetNote(env));
}

/** The providers whose calls count against the budget, with the settings of this command. */
async function budgetNote(env: Env): Promise<string> {
  const { registry } = await loadProviders(env);
  const { countedProviders, freeProviders } = coveredProviders(registry, realProviders({ registry }));
  const counted =
    countedProviders.length === 0
      ? "No configured provider counts against the budget by itself"
      : `These count against the budget: ${countedProviders.join(", ")}`;
  if (freeProviders.length === 0) return `${counted}.`;
  return `${counted}; ${freeProviders.join(", ")} are taken to be free. If you pay one of them, add it to PAID_PROVIDERS.`;
}

function lineOf({ id, name, prefix, limits, ...key }: GatewayKey): string {
  const state =
    key.revokedAt === null ? (key.expiresAt === null ? "" : `, expires ${key.expiresAt}`) : ", revoked";
  const used = key.lastUsedAt === null ? "never used" : `last used ${key.lastUsedAt}`;
  return `${id}  ${prefix}…  ${describe({ name, limits })}${state}, ${used}, ${key.spentUsdThisMonth} US dollars this month`;
}

function describe({
  name,
  limits,
  expiresAt,
}: Pick<KeyOptions, "name" | "limits"> & { expiresAt?: string | undefined }): string {
  const { usdPerMonth, requestsPerMinute, requestsAtOnce, modes } = limits;
  return [
    `"${name}"`,
    usdPerMonth === undefined ? "no budget" : `${usdPerMonth} US dollars a month`,
    requestsPerMinute === undefined ? "no limit of requests" : `${requestsPerMinute} requests a minute`,
    ...(requestsAtOnce === undefined ? [] : [`${requestsAtOnce} at once`]),
    modes === undefined ? "all modes" : `modes ${modes.join(", ")}`,
    ...(expiresAt === undefined ? [] : [`expires ${expiresAt}`]),
  ].join(", ");
}
