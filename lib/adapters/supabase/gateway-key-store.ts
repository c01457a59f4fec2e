import { z } from "zod";
import { accountGone } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { KeyAdmissionStore } from "#lib/services/admission/key-admission.ts";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import type { GatewayKeyStore } from "#lib/services/identity/credentials.ts";
import type { GatewayKey, GatewayKeyRegister } from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type GatewayKeyStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 2000 by default. */
  timeoutMs?: number | undefined;
};

const limitsSchema = z.object({
  requests_per_minute: z.coerce.number().nullable(),
  usd_per_month: z.coerce.number().nullable(),
  modes: z.array(z.string()).nullable(),
});
const keySchema = limitsSchema.extend({ id: z.string(), user_id: z.string() });
const listedSchema = limitsSchema.extend({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  // Absent for a new key.
  spent_usd_this_month: z.coerce.number().default(0),
});
const verdictSchema = z.discriminatedUnion("admitted", [
  z.object({ admitted: z.literal(true) }),
  z.object({
    admitted: z.literal(false),
    reason: z.enum(["requests", "budget", "revoked"]),
    retry_after_seconds: z.coerce.number().nullable(),
  }),
]);

/** Gateway keys on Supabase, read through the service role. */
export function createSupabaseGatewayKeyStore(options: GatewayKeyStoreOptions): GatewayKeyStore {
  const { clients, timeoutMs = 2000 } = options;
  return {
    async findByHash(sha256Hex) {
      const answer = await clients
        .asService()
        .rpc("find_gateway_key", { p_key_hash: sha256Hex })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      if (answer.data === null) return null;
      const row = keySchema.parse(answer.data);
      return {
        keyId: row.id,
        userId: row.user_id,
        limits: limitsOf(row),
      };
    },
    async anyEverCreated() {
      const answer = await clients
        .asService()
        .rpc("gateway_key_ever_created")
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      return z.boolean().parse(answer.data);
    },
  };
}

/** Creates, lists and revokes keys on Supabase, through the service role on behalf of the user. */
export function createSupabaseKeyRegister(options: GatewayKeyStoreOptions): GatewayKeyRegister {
  const { clients, timeoutMs = 2000 } = options;
  return {
    async create({ userId, name, sha256Hex, prefix, limits }) {
      const answer = await clients
        .asService()
        .rpc("create_gateway_key", {
          p_name: name,
          p_key_hash: sha256Hex,
          p_prefix: prefix,
          p_requests_per_minute: limits.requestsPerMinute ?? null,
          p_usd_per_month: limits.usdPerMonth ?? null,
          p_modes: limits.modes ?? null,
          p_user_id: userId,
        })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw creationError(answer);
      return listedKey(answer.data);
    },
    async list(userId) {
      const answer = await clients
        .asService()
        .rpc("list_gateway_keys", { p_user_id: userId })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      return z.array(z.unknown()).parse(answer.data).map(listedKey);
    },
    async revoke(keyId, userId) {
      const answer = await clients
        .asService()
        .rpc("revoke_gateway_key", { p_key_id: keyId, p_user_id: userId })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      return z.boolean().parse(answer.data);
    },
  };
}

/** The limits of keys on Supabase: one call decides and counts. */
export function createSupabaseKeyAdmission(options: GatewayKeyStoreOptions): KeyAdmissionStore {
  const { clients, timeoutMs = 2000 } = options;
  return {
    async admit(keyId) {
      const answer = await clients
        .asService()
        .rpc("admit_gateway_key", { p_key_id: keyId })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      const verdict = verdictSchema.parse(answer.data);
      if (verdict.admitted) return { admitted: true };
      if (verdict.reason === "revoked") return { admitted: false, reason: "revoked" };
      return {
        admitted: false,
        reason: verdict.reason,
        retryAfterSeconds: verdict.retry_after_seconds ?? 1,
      };
    },
  };
}

function limitsOf(row: z.infer<typeof limitsSchema>): GatewayKeyLimits {
  return {
    requestsPerMinute: row.requests_per_minute ?? undefined,
    usdPerMonth: row.usd_per_month ?? undefined,
    modes: row.modes ?? undefined,
  };
}

function listedKey(data: unknown): GatewayKey {
  const row = listedSchema.parse(data);
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    limits: limitsOf(row),
    createdAt: isoTime(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : isoTime(row.last_used_at),
    revokedAt: row.revoked_at === null ? null : isoTime(row.revoked_at),
    spentUsdThisMonth: row.spent_usd_this_month,
  };
}

/** Hosted PostgREST and the embedded one write times differently. */
function isoTime(text: string): string {
  return new Date(text).toISOString();
}

function creationError(answer: Parameters<typeof serviceError>[0]): GatewayError {
  const cause = answer.error ?? undefined;
  if (answer.error?.code === "PT409") {
    return new GatewayError("conflict", "You have 100 gateway keys. Revoke one that you no longer need.", {
      cause,
    });
  }
  // An access token outlives its user for up to an hour.
  if (answer.error?.code === "23503") {
    return accountGone(cause);
  }
  return serviceError(answer);
}
