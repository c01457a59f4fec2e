import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { databaseError } from "#lib/adapters/supabase/database-error.ts";
import type { GatewayKeyLimits } from "#lib/services/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A live gateway key, as a lookup finds it. */
export type FoundGatewayKey = { keyId: string; userId: string; limits: GatewayKeyLimits };

/** Both throw `database_unavailable`, and `not_configured` without a service role. */
export type GatewayKeyStore = {
  /** The live key with this digest (lower-case hex SHA-256 of the whole key); null if none or revoked. */
  findByHash(sha256Hex: string): Promise<FoundGatewayKey | null>;
  /** Whether a key was ever created. Revoked ones count, the seeded local one does not. */
  anyEverCreated(): Promise<boolean>;
};

export type GatewayKeyStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 2000 by default. */
  timeoutMs?: number | undefined;
};

const keySchema = z.object({
  id: z.string(),
  user_id: z.string(),
  requests_per_minute: z.coerce.number().nullable(),
  usd_per_month: z.coerce.number().nullable(),
  modes: z.array(z.string()).nullable(),
});

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
        limits: {
          requestsPerMinute: row.requests_per_minute ?? undefined,
          usdPerMonth: row.usd_per_month ?? undefined,
          modes: row.modes ?? undefined,
        },
      };
    },
    async anyEverCreated() {
      const answer = await clients
        .asService()
        .from("gateway_keys")
        .select("id")
        .eq("seeded", false)
        .limit(1)
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      return answer.data.length > 0;
    },
  };
}

/** A refused service role is the operator's mistake, not the caller's. */
function serviceError(answer: Parameters<typeof databaseError>[0]): GatewayError {
  const error = databaseError(answer);
  if (error.code !== "unauthorized") return error;
  return new GatewayError("not_configured", "SUPABASE_SERVICE_ROLE_KEY was refused by the database.", {
    cause: error,
  });
}
