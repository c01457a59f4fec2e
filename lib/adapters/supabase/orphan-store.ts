import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { OrphanStore } from "#lib/services/ledger/ledger-ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type OrphanStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 5000 by default. */
  timeoutMs?: number | undefined;
};

// Loose: hosted PostgREST and the embedded one differ in how they write numbers.
const answerSchema = z.object({ settled: z.coerce.number(), more: z.boolean() });

/** The turns of dead processes on Supabase: `settle_orphans`, which only the service role may call. */
export function createSupabaseOrphanStore({ clients, timeoutMs = 5_000 }: OrphanStoreOptions): OrphanStore {
  return {
    async settleOrphans(limit) {
      const answer = await clients
        .asService()
        .rpc("settle_orphans", { p_limit: limit })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      const parsed = answerSchema.safeParse(answer.data);
      if (parsed.success) return parsed.data;
      throw new GatewayError("internal_error", "The database answered in an unknown form.", {
        cause: parsed.error,
      });
    },
  };
}
