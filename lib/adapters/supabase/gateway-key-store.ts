import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { isMissing, serviceError } from "#lib/adapters/supabase/database-error.ts";
import { isoTime, limitsOf, limitsSchema } from "#lib/adapters/supabase/gateway-key-row.ts";
import type { RpcAnswer } from "#lib/adapters/supabase/rpc.ts";
import type { KeyAdmissionStore, KeyVerdict } from "#lib/services/admission/admission-store.ts";
import type { GatewayKeyStore, KeyLookup } from "#lib/services/identity/credentials.ts";

export type GatewayKeyStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 2000 by default. */
  timeoutMs?: number | undefined;
};

const foundSchema = limitsSchema.extend({
  id: z.string(),
  user_id: z.string(),
  // A database of before 020 knows live keys only.
  state: z.enum(["live", "expired", "replaced"]).default("live"),
  valid_ms: z.coerce.number().nullable().default(null),
  ends_as: z.enum(["expired", "replaced"]).nullable().default(null),
  ends_at: z.string().nullable().default(null),
});
const requestsSchema = z.object({
  limit: z.coerce.number(),
  remaining: z.coerce.number(),
  reset_ms: z.coerce.number(),
});
const verdictSchema = z
  .discriminatedUnion("admitted", [
    z.object({ admitted: z.literal(true), holds: z.boolean().optional() }),
    z.object({
      admitted: z.literal(false),
      reason: z.enum(["requests", "at_once", "budget", "reserved", "revoked", "expired"]),
      retry_after_seconds: z.coerce.number().nullable(),
    }),
  ])
  .and(z.object({ requests: requestsSchema.nullish() }));

/** Gateway keys on Supabase, read through the service role. */
export function createSupabaseGatewayKeyStore(options: GatewayKeyStoreOptions): GatewayKeyStore {
  const { clients, timeoutMs = 2000 } = options;
  return {
    async findByHash(sha256Hex) {
      const answer = await clients
        .asService()
        .rpc("gateway_key_find", { p_key_hash: sha256Hex })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      const found = isMissing(answer) ? await oldFind(options, sha256Hex) : answer;
      if (found.error) throw serviceError(found);
      return found.data === null ? null : keyLookup(found.data);
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

/**
 * The limits of keys on Supabase: one call decides, counts and holds.
 * @param options.instanceId the process that holds; null if it is not among the instances.
 */
export function createSupabaseKeyAdmission(
  options: GatewayKeyStoreOptions & { instanceId?: string | undefined },
): KeyAdmissionStore {
  const { clients, timeoutMs = 2000, instanceId = null } = options;
  return {
    async admit({ keyId, requestId, inBackground, maxCostUsd, ended }) {
      const asked = {
        key_id: keyId,
        request_id: requestId,
        instance_id: instanceId,
        in_background: inBackground,
        max_usd: maxCostUsd ?? null,
        ended,
      };
      const answer = await clients
        .asService()
        .rpc("gateway_key_admit", { p_request: asked })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      const verdict = isMissing(answer) ? await oldAdmit(options, keyId, inBackground) : answer;
      if (verdict.error) throw serviceError(verdict);
      return keyVerdict(verdict.data);
    },
    async release(requestIds) {
      const answer = await clients
        .asService()
        .rpc("gateway_key_release", { p_ids: requestIds })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
    },
  };
}

/** On a database of before 020, which knows no end of keys. */
function oldFind(
  { clients, timeoutMs = 2000 }: GatewayKeyStoreOptions,
  hash: string,
): PromiseLike<RpcAnswer> {
  return clients
    .asService()
    .rpc("find_gateway_key", { p_key_hash: hash })
    .abortSignal(AbortSignal.timeout(timeoutMs));
}

/** The same of admission, which holds nothing there. */
async function oldAdmit(
  { clients, timeoutMs = 2000 }: GatewayKeyStoreOptions,
  keyId: string,
  inBackground: boolean,
): Promise<RpcAnswer> {
  if (inBackground) return { data: { admitted: true }, error: null, status: 200 };
  return clients
    .asService()
    .rpc("admit_gateway_key", { p_key_id: keyId })
    .abortSignal(AbortSignal.timeout(timeoutMs));
}

function keyLookup(data: unknown): KeyLookup {
  const row = foundSchema.parse(data);
  const { ends_as: as, ends_at: at, valid_ms: inMs } = row;
  return {
    key: { keyId: row.id, userId: row.user_id, limits: limitsOf(row) },
    state: row.state,
    end: as === null || at === null || inMs === null ? undefined : { as, at: isoTime(at), inMs },
  };
}

function keyVerdict(data: unknown): KeyVerdict {
  const verdict = verdictSchema.parse(data);
  const left = verdict.requests ?? undefined;
  const requests = left && { limit: left.limit, remaining: left.remaining, resetMs: left.reset_ms };
  if (verdict.admitted) return { admitted: true, requests, holds: verdict.holds };
  const { reason, retry_after_seconds: retryAfterSeconds } = verdict;
  if (reason === "revoked" || reason === "expired") return { admitted: false, reason };
  return { admitted: false, reason, retryAfterSeconds: retryAfterSeconds ?? 1, requests };
}
