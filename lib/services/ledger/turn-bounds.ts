import type {
  AttemptRecord,
  AttemptUsage,
  ToolCallRecord,
  TurnOutcome,
} from "#lib/services/ledger/turn-store.ts";
import { truncate } from "#lib/shared/text.ts";

// The checks of the tables, see supabase/migrations/006: a row outside of these is refused, and its cost would
// be recorded nowhere.
const MAX_TOKENS = 1_000_000_000;
const MAX_COST_USD = 1_000_000;
/** Digits after the decimal point of a cost in USD. */
const COST_DIGITS = 12;
const MAX_MODEL_LENGTH = 200;
const MAX_BACKEND_LENGTH = 100;
const MAX_STATUS_LENGTH = 64;
const MAX_KEY_INDEX = 10_000;
/** A day, milliseconds. */
const MAX_LATENCY_MS = 86_400_000;
const MAX_ATTEMPTS = 100;
/** Calls of tools of one turn that are stored; 013 takes no more. */
export const MAX_TOOL_CALLS = 20;
/** UTF-16 units of the JSON of `meta`: at most three bytes each. */
const MAX_META_LENGTH = 1_300;
/** Characters of one text in `meta`, if the whole is too long. */
const MAX_META_TEXT_LENGTH = 200;
const MAX_META_ENTRIES = 5;

/**
 * The outcome of a turn within the ledger's bounds, whatever the engines reported: every number finite and
 * in its range, every text of a bounded length, a bounded number of attempts.
 */
export function boundedOutcome(outcome: TurnOutcome): TurnOutcome {
  return {
    ...outcome,
    model: boundedName(outcome.model, MAX_MODEL_LENGTH),
    backend: boundedName(outcome.backend, MAX_BACKEND_LENGTH),
    promptTokens: boundedCount(outcome.promptTokens, MAX_TOKENS),
    completionTokens: boundedCount(outcome.completionTokens, MAX_TOKENS),
    cachedTokens: boundedCount(outcome.cachedTokens, MAX_TOKENS),
    costUsd: boundedCost(outcome.costUsd),
    ...optional("servedTokens", outcome.servedTokens, MAX_TOKENS),
    ...optional("billableTokens", outcome.billableTokens, MAX_TOKENS),
    attempts: boundedAttempts(outcome.attempts).map(boundedAttempt),
  };
}

/** The first attempts say why the walk moved on; the last one is the one that answered. */
function boundedAttempts(attempts: AttemptRecord[]): AttemptRecord[] {
  if (attempts.length <= MAX_ATTEMPTS) return attempts;
  const half = MAX_ATTEMPTS / 2;
  return [...attempts.slice(0, half), ...attempts.slice(-half)];
}

function boundedAttempt(attempt: AttemptRecord): AttemptRecord {
  return {
    modelId: truncate(attempt.modelId, MAX_MODEL_LENGTH),
    backend: truncate(attempt.backend, MAX_BACKEND_LENGTH),
    keyIndex: attempt.keyIndex === null ? null : boundedCount(attempt.keyIndex, MAX_KEY_INDEX),
    status: truncate(attempt.status, MAX_STATUS_LENGTH),
    latencyMs: boundedCount(attempt.latencyMs, MAX_LATENCY_MS),
    tokensOut: attempt.tokensOut === null ? null : boundedCount(attempt.tokensOut, MAX_TOKENS),
    meta: boundedMeta(attempt.meta),
    ...optional("startedMs", attempt.startedMs, MAX_LATENCY_MS),
    ...optional("firstTokenMs", attempt.firstTokenMs, MAX_LATENCY_MS),
    ...(attempt.usage === undefined ? {} : { usage: boundedUsage(attempt.usage) }),
  };
}

function boundedUsage(usage: AttemptUsage): AttemptUsage {
  return {
    promptTokens: boundedCount(usage.promptTokens, MAX_TOKENS),
    cachedTokens: boundedCount(usage.cachedTokens, MAX_TOKENS),
    cacheWriteTokens: boundedCount(usage.cacheWriteTokens, MAX_TOKENS),
    completionTokens: boundedCount(usage.completionTokens, MAX_TOKENS),
    reasoningTokens: boundedCount(usage.reasoningTokens, MAX_TOKENS),
    source: usage.source,
    isBilled: usage.isBilled,
    costUsd: boundedCost(usage.costUsd),
    listUsd: boundedCost(usage.listUsd),
    cachedSavingsUsd: boundedSavings(usage.cachedSavingsUsd),
  };
}

export function boundedToolCall({ backend, status, latencyMs, meta }: ToolCallRecord): ToolCallRecord {
  return {
    backend: truncate(backend, MAX_BACKEND_LENGTH),
    status: truncate(status, MAX_STATUS_LENGTH),
    latencyMs: boundedCount(latencyMs, MAX_LATENCY_MS),
    meta: boundedMeta(meta),
  };
}

function boundedName(name: string | null, limit: number): string | null {
  return name === null ? null : truncate(name, limit);
}

/** A count that may be absent: an absent one stays so. */
function optional<Name extends string>(
  name: Name,
  count: number | undefined,
  limit: number,
): { [key in Name]?: number } {
  const bounded: { [key in Name]?: number } = {};
  if (count !== undefined) bounded[name] = boundedCount(count, limit);
  return bounded;
}

/** A whole number from 0 to `limit`; NaN counts as 0. */
function boundedCount(count: number, limit: number): number {
  if (Number.isNaN(count)) return 0;
  return Math.round(Math.min(Math.max(count, 0), limit));
}

/** Null, which means unknown, for NaN and for negative costs. */
function boundedCost(costUsd: number | null): number | null {
  if (costUsd === null || !(costUsd >= 0)) return null;
  return Number(Math.min(costUsd, MAX_COST_USD).toFixed(COST_DIGITS));
}

/** A cost that may be below zero. */
function boundedSavings(usd: number | null): number | null {
  if (usd === null || Number.isNaN(usd)) return null;
  const size = boundedCost(Math.abs(usd));
  return size === null ? null : Math.sign(usd) * size;
}

function boundedMeta(meta: Record<string, unknown>): Record<string, unknown> {
  if (JSON.stringify(meta).length <= MAX_META_LENGTH) return meta;
  const kept = Object.entries(meta).slice(0, MAX_META_ENTRIES);
  return Object.fromEntries(
    kept.flatMap(([name, value]): [string, unknown][] => {
      if (name.length > MAX_STATUS_LENGTH) return [];
      if (typeof value === "string") return [[name, truncate(value, MAX_META_TEXT_LENGTH)]];
      return typeof value === "object" ? [] : [[name, value]];
    }),
  );
}
