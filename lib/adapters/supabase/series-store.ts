import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { SeriesStore } from "#lib/services/admin/series.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SeriesStoreOptions = {
  clients: SupabaseClients;
  /** How long the call may take, milliseconds; 6000 by default. The database gives up after 5000. */
  timeoutMs?: number | undefined;
};

const count = z.number();
/** Hosted PostgREST and the embedded one write times differently. */
const time = z.string().transform((text) => new Date(text).toISOString());
const percentiles = z.object({ p50: count.nullable(), p95: count.nullable() });
const seriesSchema = z.object({
  from: time,
  to: time,
  complete: z.boolean(),
  buckets: z.array(
    z.object({
      start: time,
      end: time,
      turns: z.object({
        answered: count,
        rescued: count,
        failed: count,
        cancelled: count,
        interrupted: count,
      }),
      failoverDepth: count.nullable(),
      latencyMs: percentiles,
      firstTokenMs: percentiles,
      costUsd: count,
      cachedSavingsUsd: count,
      unknownCalls: count,
    }),
  ),
  spend: z.array(
    z.object({
      day: z.string(),
      provider: z.string().nullable(),
      model: z.string().nullable(),
      calls: count,
      costUsd: count,
      cachedSavingsUsd: count,
    }),
  ),
});

/** The figures over time on Supabase: one call of the service role. */
export function createSeriesStore({ clients, timeoutMs = 6_000 }: SeriesStoreOptions): SeriesStore {
  return {
    async read({ seconds, bucketSeconds }) {
      const answer = await clients
        .asService()
        .rpc("admin_series", { p_window_seconds: seconds, p_bucket_seconds: bucketSeconds })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      const parsed = seriesSchema.safeParse(answer.data);
      if (parsed.success) return parsed.data;
      const message = "The database answered in an unknown form.";
      throw new GatewayError("database_unavailable", message, { cause: parsed.error });
    },
  };
}
