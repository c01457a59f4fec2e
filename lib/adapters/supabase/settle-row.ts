import { storableJson, storableText } from "#lib/adapters/supabase/storable.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import type { AttemptRecord } from "#lib/services/ledger/turn-store.ts";

/** A turn that has ended, as `settle_turns` and `settle_turn` take it. */
export function settleRow(row: LedgerRow): Record<string, unknown> {
  const settled: Record<string, unknown> = {
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
  if (row.settleSecret !== undefined) settled["settle_secret"] = row.settleSecret;
  if (row.conversation !== undefined) {
    settled["user_message"] = storableText(row.conversation.userMessage);
    settled["assistant_message"] = storableText(row.conversation.assistantMessage);
  }
  return settled;
}

function attemptRow(attempt: AttemptRecord): Record<string, unknown> {
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
