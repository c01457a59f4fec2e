import { z } from "zod";
import { accountGone } from "#lib/adapters/supabase/acting-for.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { isoTime, isoTimeOrNull, limitsOf, limitsSchema } from "#lib/adapters/supabase/gateway-key-row.ts";
import type { GatewayKeyStoreOptions } from "#lib/adapters/supabase/gateway-key-store.ts";
import type { GatewayKey, KeyChanges } from "#lib/services/identity/gateway-key.ts";
import type { GatewayKeyRegister, KeyManager } from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const time = z.string().nullable();
const keySchema = limitsSchema.extend({
  id: z.string(),
  user_id: z.string(),
  name: z.string(),
  prefix: z.string(),
  created_at: z.string(),
  last_used_at: time,
  revoked_at: time,
  expires_at: time,
  rotated_at: time,
  previous_valid_until: time,
  spent_usd_this_month: z.coerce.number(),
  spent_usd_today: z.coerce.number(),
  requests_today: z.coerce.number(),
  in_flight: z.coerce.number().nullable(),
  admin_actions: z
    .array(z.object({ action: z.string(), actor_id: z.string(), done_at: z.string() }))
    .default([]),
});
const pageSchema = z.object({
  keys: z.array(z.unknown()),
  next: z.object({ created_at: z.string(), id: z.string() }).nullable(),
});

/** Creates, lists, changes and ends keys on Supabase, through the service role on behalf of who manages them. */
export function createSupabaseKeyRegister(options: GatewayKeyStoreOptions): GatewayKeyRegister {
  const { clients, timeoutMs = 2000 } = options;
  const call = async (name: string, parameters: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const answer = await clients
      .asService()
      .rpc(name, parameters)
      .abortSignal(AbortSignal.timeout(timeoutMs));
    if (answer.error) throw registerError(answer);
    return answer.data;
  };
  return {
    async create({ userId, name, sha256Hex, prefix, limits, expiresAt }, actorId) {
      const key = { user_id: userId, name, key_hash: sha256Hex, prefix, expires_at: expiresAt ?? null };
      return keyOf(
        await call("gateway_key_add", { p_key: { ...key, ...limitColumns(limits) }, p_actor: actorId }),
      );
    },
    async list(userId) {
      return z
        .array(z.unknown())
        .parse(await call("list_gateway_keys", { p_user_id: userId }))
        .map(keyOf);
    },
    async page({ userId, after, limit }) {
      const place = after === undefined ? null : { created_at: after.createdAt, id: after.id };
      const parameters = { p_user_id: userId ?? null, p_after: place, p_limit: limit };
      const { keys, next } = pageSchema.parse(await call("gateway_keys_page", parameters));
      const following = next === null ? undefined : { createdAt: next.created_at, id: next.id };
      return { keys: keys.map(keyOf), next: following };
    },
    async get(keyId, manager) {
      return keyOrNull(await call("gateway_key_get", { p_key_id: keyId, p_owner: ownerFor(manager) }));
    },
    async change(keyId, changes, manager) {
      return keyOrNull(
        await call("gateway_key_change", { ...named(keyId, manager), p_changes: changedColumns(changes) }),
      );
    },
    async rotate(keyId, { sha256Hex, prefix, graceSeconds }, manager) {
      const secret = { p_key_hash: sha256Hex, p_prefix: prefix, p_grace_seconds: graceSeconds };
      return keyOrNull(await call("gateway_key_rotate", { ...named(keyId, manager), ...secret }));
    },
    async revoke(keyId, manager) {
      return z.boolean().parse(await call("gateway_key_revoke", named(keyId, manager)));
    },
  };
}

function named(keyId: string, manager: KeyManager): Record<string, unknown> {
  return { p_key_id: keyId, p_owner: ownerFor(manager), p_actor: manager.userId };
}

/** Whose keys these may be; null for everybody's. */
function ownerFor({ userId, isAdmin }: KeyManager): string | null {
  return isAdmin ? null : userId;
}

/** Only what is to change: null takes a limit away. */
function changedColumns(changes: KeyChanges): Record<string, unknown> {
  const columns: Record<string, unknown> = {
    name: changes.name,
    requests_per_minute: changes.requestsPerMinute,
    requests_at_once: changes.requestsAtOnce,
    usd_per_month: changes.usdPerMonth,
    modes: changes.modes,
    expires_at: changes.expiresAt,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function limitColumns(limits: GatewayKey["limits"]): Record<string, unknown> {
  return changedColumns({ ...limits });
}

function keyOrNull(data: unknown): GatewayKey | null {
  return data === null ? null : keyOf(data);
}

function keyOf(data: unknown): GatewayKey {
  const row = keySchema.parse(data);
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    prefix: row.prefix,
    limits: limitsOf(row),
    createdAt: isoTime(row.created_at),
    lastUsedAt: isoTimeOrNull(row.last_used_at),
    revokedAt: isoTimeOrNull(row.revoked_at),
    expiresAt: isoTimeOrNull(row.expires_at),
    rotatedAt: isoTimeOrNull(row.rotated_at),
    previousValidUntil: isoTimeOrNull(row.previous_valid_until),
    spentUsdThisMonth: row.spent_usd_this_month,
    spentUsdToday: row.spent_usd_today,
    requestsToday: row.requests_today,
    inFlight: row.in_flight,
    adminActions: row.admin_actions.map(({ action, actor_id, done_at }) => ({
      action,
      actorId: actor_id,
      at: isoTime(done_at),
    })),
  };
}

const CONFLICTS: Readonly<Record<string, string>> = {
  too_many: "There are 100 live gateway keys of this user. Revoke one that is no longer needed.",
  revoked: "This gateway key is revoked, which cannot be undone. Create another one.",
  expired: "This gateway key has expired. Give it a later expiresAt first.",
  seeded: "This is the local development key: it does not expire, and its secret is in the file dev-key.",
  too_many_secrets:
    "Ten older secrets of this gateway key are still accepted. Wait until one ends, or rotate with graceSeconds 0, which ends them all.",
};

function registerError(answer: Parameters<typeof serviceError>[0]): GatewayError {
  const cause = answer.error ?? undefined;
  switch (answer.error?.code) {
    case "PT400":
      return new GatewayError("invalid_request", '"expiresAt": is in the past.', { cause });
    case "PT409":
      return new GatewayError(
        "conflict",
        CONFLICTS[answer.error.details ?? ""] ?? "The gateway key cannot be changed like that.",
        { cause },
      );
    // An access token outlives its user for up to an hour.
    case "23503":
      return accountGone(cause);
    default:
      return serviceError(answer);
  }
}
