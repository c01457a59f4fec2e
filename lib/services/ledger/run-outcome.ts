import type { RunRecord } from "#lib/providers/chat/run.ts";
import type { PriceBook } from "#lib/providers/cost.ts";
import type { AttemptReport } from "#lib/providers/walk/walk-types.ts";
import { boundedOutcome } from "#lib/services/ledger/turn-bounds.ts";
import type { AttemptRecord, TurnOutcome, TurnStatus } from "#lib/services/ledger/turn-store.ts";
import {
  attemptUsage,
  billableTokens,
  servedTokens,
  summarizeUsage,
} from "#lib/services/ledger/turn-usage.ts";

const TURN_STATUS: Record<RunRecord["state"], TurnStatus> = {
  // The client disconnected before the run was ever read.
  running: "cancelled",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

/** What the ledger needs of a run that has ended. */
export type TurnRecord = Pick<RunRecord, "state" | "attempts" | "usages" | "engine" | "committed">;

/**
 * The outcome of a run as the ledger stores it, within the ledger's bounds.
 * @param startedAt when the turn began, wall clock, epoch milliseconds.
 */
export function runOutcome(record: TurnRecord, prices: PriceBook, startedAt: number): TurnOutcome {
  const usage = summarizeUsage(record.usages, prices);
  // If no call reported its usage, nothing is known exactly.
  const usageUnknown = record.attempts.length > 0 && record.usages.length === 0;
  return boundedOutcome({
    status: TURN_STATUS[record.state],
    deliveredContent: record.committed,
    model: record.engine?.model ?? null,
    backend: record.engine?.provider.id ?? null,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    cachedTokens: usage.cachedTokens,
    costUsd: usage.costUsd ?? null,
    usageSource: usageUnknown ? "estimated" : usage.source,
    servedTokens: servedTokens(record.usages),
    billableTokens: billableTokens(record.usages),
    attempts: record.attempts.map((report, index) => ({
      ...toAttemptRecord(report, index + 1),
      startedMs: report.startedAt - startedAt,
      firstTokenMs: report.firstTokenMs,
      usage: attemptUsage(
        record.usages.filter(({ call }) => call === report.call),
        prices,
      ),
    })),
  });
}

/** @param number of the attempt within its turn, from 1: rows of one turn have one time. */
function toAttemptRecord(report: AttemptReport, number: number): AttemptRecord {
  const meta: Record<string, unknown> = { attempt: number };
  if (report.status !== undefined) meta["httpStatus"] = report.status;
  if (report.problem !== undefined) meta["problem"] = report.problem;
  if (report.reason !== undefined) meta["reason"] = report.reason;
  return {
    modelId: report.engine.model,
    backend: report.engine.provider.id,
    keyIndex: report.keyIndex,
    status: report.outcome === "answered" ? "ok" : report.outcome,
    latencyMs: Math.round(report.latencyMs),
    tokensOut: report.completionTokens ?? null,
    meta,
  };
}
