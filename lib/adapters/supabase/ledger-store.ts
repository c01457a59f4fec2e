import { z } from "zod";
import { attemptRow } from "#lib/adapters/supabase/attempt-row.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { storableJson, storableText } from "#lib/adapters/supabase/storable.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import type { LedgerStore } from "#lib/services/ledger/ledger-writer.ts";

export type LedgerStoreOptions = {
  clients: SupabaseClients;
  /** How long a batch may take, milliseconds; 10 000 by default. */
  timeoutMs?: number | undefined;
};

const answerSchema = z.object({
  refused: z.array(z.object({ id: z.string().nullable(), reason: z.string() })),
});

/** The ledger on Supabase: a batch is one call of `record_turns`, through the service role. */
export function createSupabaseLedgerStore({ clients, timeoutMs = 10_000 }: LedgerStoreOptions): LedgerStore {
  return {
    async record(rows) {
      const answer = await clients
        .asService()
        .rpc("record_turns", { p_turns: rows.map(turn) })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      return answerSchema.parse(answer.data).refused.map(({ id, reason }) => ({ requestId: id, reason }));
    },
  };
}

function turn(row: LedgerRow): Record<string, unknown> {
  return {
    id: row.requestId,
    user_id: row.userId,
    key_id: row.keyId,
    tier: storableText(row.tier),
    started_at: row.startedAt,
    status: row.status,
    delivered: row.deliveredContent,
    model: storableJson(row.model),
    backend: storableJson(row.backend),
    prompt_tokens: Math.round(row.promptTokens),
    completion_tokens: Math.round(row.completionTokens),
    cached_tokens: Math.round(row.cachedTokens),
    cost_usd: row.costUsd,
    usage_source: row.usageSource,
    attempts: row.attempts.map(attemptRow),
  };
}
