import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { LedgerStatisticsStore } from "#lib/services/admin/ledger-statistics.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type LedgerStatisticsStoreOptions = {
  clients: SupabaseClients;
  /** How long the call may take, milliseconds; 6000 by default. The database gives up after 5000. */
  timeoutMs?: number | undefined;
};

const count = z.number();
const percentiles = z.object({ p50: count.nullable(), p95: count.nullable(), p99: count.nullable() });
const figures = {
  calls: count,
  succeeded: count,
  rateLimited: count,
  outcomes: z.record(z.string(), count),
  latencyMs: percentiles,
  firstTokenMs: percentiles,
};
const usedTokens = {
  promptTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count,
  completionTokens: count,
};
const modelCost = z.object({
  provider: z.string(),
  model: z.string(),
  calls: count,
  paidCalls: count,
  ...usedTokens,
  reasoningTokens: count,
  costUsd: count,
  listUsd: count,
  cachedSavingsUsd: count,
  unknownCalls: count,
  estimatedCalls: count,
  unvalued: z.array(z.object({ billed: z.boolean(), calls: count, ...usedTokens })),
});
const period = z.object({
  total: count,
  paid: count,
  free: count,
  cachedSavings: count,
  freeTierValue: count,
  calls: count,
  unknownCalls: count,
  estimatedCalls: count,
  models: z.array(modelCost),
});
const statisticsSchema = z.object({
  complete: z.boolean(),
  percentiles: z.enum(["exact", "histogram"]),
  providers: z.array(
    z.object({ id: z.string(), ...figures, engines: z.array(z.object({ model: z.string(), ...figures })) }),
  ),
  modes: z.array(
    z.object({
      mode: z.string(),
      turns: count,
      statuses: z.record(z.string(), count),
      failoverDepth: z.object({ mean: count, max: count }),
    }),
  ),
  cost: z.object({ currency: z.literal("USD"), today: period, last7Days: period, last30Days: period }),
});

/** The figures of the ledger on Supabase: one call of the service role. */
export function createLedgerStatisticsStore(options: LedgerStatisticsStoreOptions): LedgerStatisticsStore {
  const { clients, timeoutMs = 6_000 } = options;
  return {
    async read(windowSeconds) {
      const answer = await clients
        .asService()
        .rpc("admin_health", { p_window_seconds: windowSeconds })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      const parsed = statisticsSchema.safeParse(answer.data);
      if (!parsed.success) {
        const message = "The database answered in an unknown form.";
        throw new GatewayError("database_unavailable", message, { cause: parsed.error });
      }
      const { complete, percentiles, ...statistics } = parsed.data;
      return { ...statistics, quality: { complete, percentiles } };
    },
  };
}
