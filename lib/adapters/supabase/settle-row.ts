import {
  sanitizeJsonForPostgres,
  sanitizeTextForPostgres,
} from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import type { AttemptRecord, ToolCallRecord } from "#lib/services/ledger/turn-store.ts";

/** A turn that has ended, as `settle_turns` and `settle_turn` take it. */
export function settleRow(row: LedgerRow): Record<string, unknown> {
  const settled: Record<string, unknown> = {
    id: row.requestId,
    user_id: row.userId,
    key_id: row.keyId,
    tier: sanitizeTextForPostgres(row.tier),
    started_at: row.startedAt,
    status: row.status,
    delivered: row.deliveredContent,
    model: sanitizeJsonForPostgres(row.model),
    backend: sanitizeJsonForPostgres(row.backend),
    prompt_tokens: Math.round(row.promptTokens),
    completion_tokens: Math.round(row.completionTokens),
    cached_tokens: Math.round(row.cachedTokens),
    cost_usd: row.costUsd,
    usage_source: row.usageSource,
    attempts: row.attempts.map(attemptRow),
  };
  if (row.toolCalls !== undefined) settled["tool_calls"] = row.toolCalls.map(toolCallRow);
  if (row.settleSecret !== undefined) settled["settle_secret"] = row.settleSecret;
  if (row.conversation !== undefined) {
    if (row.conversation.sessionId !== undefined) settled["session_id"] = row.conversation.sessionId;
    settled["user_message"] = sanitizeTextForPostgres(row.conversation.userMessage);
    settled["assistant_message"] = sanitizeTextForPostgres(row.conversation.assistantMessage);
  }
  return settled;
}

function attemptRow(attempt: AttemptRecord): Record<string, unknown> {
  return {
    model_id: sanitizeTextForPostgres(attempt.modelId),
    backend: sanitizeTextForPostgres(attempt.backend),
    key_index: attempt.keyIndex,
    status: sanitizeTextForPostgres(attempt.status),
    latency_ms: attempt.latencyMs,
    tokens_out: attempt.tokensOut,
    meta: sanitizeJsonForPostgres(attempt.meta),
  };
}

function toolCallRow(call: ToolCallRecord): Record<string, unknown> {
  return {
    backend: sanitizeTextForPostgres(call.backend),
    status: sanitizeTextForPostgres(call.status),
    latency_ms: call.latencyMs,
    meta: sanitizeJsonForPostgres(call.meta),
  };
}
