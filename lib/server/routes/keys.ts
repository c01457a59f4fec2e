import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { defineRoute, type GatewaySource, type Route, type RouteContext } from "#lib/server/http/route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { realProviders } from "#lib/server/wiring/providers.ts";
import { NAMED_TIER } from "#lib/services/identity/caller.ts";
import {
  type BudgetCoverage,
  budgetCoverage,
  createGatewayKey,
  type GatewayKey,
  listGatewayKeys,
  revokeGatewayKey,
} from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** What a key may be limited to: modes, and naming engines itself. */
export const KEY_MODES = [...MODE_IDS, NAMED_TIER] as const;

const BUDGET_NOTE =
  "Calls of freeProviders are taken to cost 0 and never count. If you pay one of them, add it to PAID_PROVIDERS.";

// Strict: a limit whose name is misspelt must not become a key without a limit.
export const gatewayKeyBodySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(100)
    .refine((name) => stripInvisible(name) === name && !/[\t\n\r]/.test(name), "must be plain text"),
  requestsPerMinute: z.int().min(1).max(1_000_000).nullish(),
  usdPerMonth: z.number().min(0).max(1_000_000_000).nullish(),
  modes: z.array(z.enum(KEY_MODES)).min(1).max(50).nullish(),
});
const idSchema = z.uuid();

/** `POST /api/keys` makes a gateway key of the user and shows it once, `GET /api/keys` lists them. */
export function keys(gateway: GatewaySource): Route {
  return defineRoute(gateway, { POST: create, GET: list });
}

/** `DELETE /api/keys/[id]` revokes a gateway key of the user. */
export function keyById(gateway: GatewaySource): Route {
  return defineRoute(gateway, { DELETE: revoke });
}

async function list(_request: Request, context: RouteContext): Promise<PlainResponse> {
  const userId = await signedInUser(context);
  const found = await listGatewayKeys(userId, context.gateway.keys);
  return jsonResponse({
    keys: found.map((key) => ({
      ...visible(key),
      spentUsdThisMonth: key.spentUsdThisMonth,
      lastUsedAt: key.lastUsedAt,
      revokedAt: key.revokedAt,
    })),
  });
}

async function create(_request: Request, context: RouteContext): Promise<PlainResponse> {
  const userId = await signedInUser(context);
  const { name, requestsPerMinute, usdPerMonth, modes } = await context.readJson(
    gatewayKeyBodySchema,
    MEGABYTE,
  );
  const limits = {
    requestsPerMinute: requestsPerMinute ?? undefined,
    usdPerMonth: usdPerMonth ?? undefined,
    modes: modes == null ? undefined : [...new Set(modes)],
  };
  const made = await createGatewayKey({ userId, name, limits }, context.gateway.keys);
  const budget = limits.usdPerMonth === undefined ? {} : { budget: budgetOf(context.gateway) };
  return jsonResponse({ key: made.key, ...visible(made), ...budget }, { status: 201 });
}

/** Who sets a budget hears at once what it does not count. */
function budgetOf({ registry, sandboxed }: Gateway): BudgetCoverage & { note: string } {
  const providers = sandboxed ? [] : realProviders({ registry });
  return { ...budgetCoverage(registry, providers), note: BUDGET_NOTE };
}

async function revoke(request: Request, context: RouteContext): Promise<PlainResponse> {
  const userId = await signedInUser(context);
  const id = idSchema.safeParse(new URL(request.url).pathname.replace(/\/$/, "").split("/").at(-1));
  if (!id.success) throw new GatewayError("not_found", "You have no such gateway key.");
  await revokeGatewayKey(id.data, userId, context.gateway.keys);
  return new PlainResponse(null, { status: 204 });
}

/** A gateway key manages no keys: whoever finds one could make others that outlive it. */
async function signedInUser(context: RouteContext): Promise<string> {
  const caller = await context.authenticate();
  if (caller.kind === "user") return caller.userId;
  throw new GatewayError(
    "forbidden",
    "A gateway key cannot manage gateway keys. Sign in, or send a Supabase access token.",
  );
}

function visible({ id, name, prefix, limits, createdAt }: GatewayKey): Record<string, unknown> {
  return {
    id,
    name,
    prefix,
    requestsPerMinute: limits.requestsPerMinute ?? null,
    usdPerMonth: limits.usdPerMonth ?? null,
    modes: limits.modes ?? null,
    createdAt,
  };
}
