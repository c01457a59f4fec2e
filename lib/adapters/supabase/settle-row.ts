import {
  sanitizeJsonForPostgres,
  sanitizeTextForPostgres,
} from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import type { AttemptRecord, AttemptUsage, ToolCallRecord } from "#lib/services/ledger/turn-store.ts";

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
  if (row.route !== undefined) settled["route"] = sanitizeTextForPostgres(row.route);
  if (row.servedTokens !== undefined) settled["served_tokens"] = row.servedTokens;
  if (row.billableTokens !== undefined) settled["billable_tokens"] = row.billableTokens;
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
  const { startedMs, firstTokenMs, usage } = attempt;
  return {
    model_id: sanitizeTextForPostgres(attempt.modelId),
    backend: sanitizeTextForPostgres(attempt.backend),
    key_index: attempt.keyIndex,
    status: sanitizeTextForPostgres(attempt.status),
    latency_ms: attempt.latencyMs,
    tokens_out: attempt.tokensOut,
    meta: sanitizeJsonForPostgres(attempt.meta),
    ...(startedMs === undefined ? {} : { started_ms: startedMs }),
    ...(firstTokenMs === undefined ? {} : { first_token_ms: firstTokenMs }),
    ...(usage === undefined ? {} : usageFields(usage)),
  };
}

function usageFields(usage: AttemptUsage): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    cached_tokens: usage.cachedTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    completion_tokens: usage.completionTokens,
    reasoning_tokens: usage.reasoningTokens,
    usage_source: usage.source,
    billed: usage.isBilled,
    cost_usd: usage.costUsd,
    list_usd: usage.listUsd,
    cached_savings_usd: usage.cachedSavingsUsd,
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
