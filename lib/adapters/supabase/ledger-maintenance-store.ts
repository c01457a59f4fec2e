import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { RpcAnswer } from "#lib/adapters/supabase/rpc.ts";
import type { LedgerMaintenanceStore } from "#lib/services/admin/ledger-maintenance.ts";

export type LedgerMaintenanceStoreOptions = {
  clients: SupabaseClients;
  /** How long a batch may take, milliseconds; 10,000 by default, which is the most that clients wait. */
  timeoutMs?: number | undefined;
};

/** Notes a call. 20,000 of each kind take 4 s on a busy machine of two cores, and what was cut off begins anew. */
const FOLD_BATCH = 5_000;

const foldedSchema = z.object({ more: z.boolean() });
const prunedSchema = z.object({ events: z.number(), usage: z.number(), more: z.boolean() });

/** The upkeep of the ledger on Supabase, a batch a call. */
export function createLedgerMaintenanceStore(options: LedgerMaintenanceStoreOptions): LedgerMaintenanceStore {
  const { clients, timeoutMs = 10_000 } = options;
  const call = async (name: string, parameters: Record<string, unknown>): Promise<unknown> => {
    const answer: RpcAnswer = await clients
      .asService()
      .rpc(name, parameters)
      .abortSignal(AbortSignal.timeout(timeoutMs));
    if (answer.error) throw serviceError(answer);
    return answer.data;
  };
  return {
    fold: async () => foldedSchema.parse(await call("fold_figures", { p_batch: FOLD_BATCH })).more,
    prune: async ({ eventsDays, usageDays }) => {
      const pruned = prunedSchema.parse(
        await call("prune_ledger", { p_events_days: eventsDays, p_usage_days: usageDays }),
      );
      // What dead processes held of gateway keys does not count any more, and need not be kept.
      if (!pruned.more) await call("gateway_keys_prune", {});
      return pruned;
    },
  };
}
