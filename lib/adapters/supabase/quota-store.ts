import { z } from "zod";
import { accountGone } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { databaseError, serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { QuotaCounts, QuotaStore } from "#lib/services/quota/quota-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SupabaseQuotaStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 2000 by default. */
  timeoutMs?: number | undefined;
};

const countsSchema = z.record(z.string(), z.coerce.number());
const todaySchema = z.object({ day: z.iso.date(), user: countsSchema, company: countsSchema });

/** The counters of turns on Supabase: one call. Users ask as themselves for themselves. */
export function createSupabaseQuotaStore(options: SupabaseQuotaStoreOptions): QuotaStore {
  const { clients, timeoutMs = 2_000 } = options;
  return {
    async today(caller, userId): Promise<QuotaCounts> {
      const isOwn = caller.kind === "user" && caller.userId === userId;
      const client = isOwn ? clients.asUser(caller.accessToken) : clients.asService();
      const answer = await client
        .rpc("quota_today", { p_user_id: userId })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error?.code === "PT404") {
        const cause = answer.error;
        // An access token outlives its user for up to an hour.
        throw caller.userId === userId
          ? accountGone(cause)
          : new GatewayError("not_found", "There is no such user.", { cause });
      }
      if (answer.error) throw isOwn ? databaseError(answer) : serviceError(answer);
      const { day, user, company } = todaySchema.parse(answer.data);
      return { day, user: new Map(Object.entries(user)), company: new Map(Object.entries(company)) };
    },
  };
}
