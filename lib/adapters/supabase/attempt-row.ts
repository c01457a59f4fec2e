import { storableJson, storableText } from "#lib/adapters/supabase/storable.ts";
import type { AttemptRecord } from "#lib/services/ledger/turn-store.ts";

/** One upstream call as the functions that write turns take it. */
export function attemptRow(attempt: AttemptRecord): Record<string, unknown> {
  return {
    model_id: storableText(attempt.modelId),
    backend: storableText(attempt.backend),
    key_index: attempt.keyIndex,
    status: storableText(attempt.status),
    latency_ms: attempt.latencyMs,
    tokens_out: attempt.tokensOut,
    meta: storableJson(attempt.meta),
  };
}
