import type { EngineUsage, RunRecord } from "#lib/providers/chat/run.ts";
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

/** A question that the gateway asked for the turn, to choose its mode or what to remember. */
export type QuestionRecord = Pick<RunRecord, "attempts" | "usages"> & {
  /** What is noted with each of its calls; by default that it is a question. */
  meta?: Readonly<Record<string, unknown>>;
  /** The client gets what it wrote, as a part of the answer. */
  isDelivered?: boolean;
};

/** What the ledger needs of a run that has ended. */
export type TurnRecord = QuestionRecord &
  Pick<RunRecord, "state" | "engine" | "committed"> & {
    /** Billed to the turn, and no part of its answer. */
    questions?: readonly QuestionRecord[];
  };

/** What the calls of a turn have used, those of its questions first. */
export function usagesOf({
  questions = [],
  usages,
}: Pick<TurnRecord, "questions" | "usages">): EngineUsage[] {
  return [...questions.flatMap((question) => question.usages), ...usages];
}

/**
 * The outcome of a run as the ledger stores it, within the ledger's bounds.
 * @param startedAt when the turn began, wall clock, epoch milliseconds.
 */
export function runOutcome(record: TurnRecord, prices: PriceBook, startedAt: number): TurnOutcome {
  const { questions = [], attempts } = record;
  const usages = usagesOf(record);
  const usage = summarizeUsage(usages, prices);
  // If no call reported its usage, nothing is known exactly.
  const usageUnknown = attempts.length > 0 && usages.length === 0;
  const begun = { prices, startedAt };
  const delivered = questions.filter(({ isDelivered }) => isDelivered === true);
  const asked = questions.flatMap((question) =>
    attemptRecords(question, question.meta ?? { question: true }, begun),
  );
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
    servedTokens: servedTokens([...delivered, record].flatMap((one) => one.usages)),
    billableTokens: billableTokens(usages, prices),
    attempts: [...asked, ...attemptRecords(record, {}, begun)],
  });
}

function attemptRecords(
  { attempts, usages }: QuestionRecord,
  meta: Readonly<Record<string, unknown>>,
  { prices, startedAt }: { prices: PriceBook; startedAt: number },
): AttemptRecord[] {
  return attempts.map((report, index) => ({
    modelId: report.engine.model,
    backend: report.engine.provider.id,
    keyIndex: report.keyIndex,
    status: report.outcome === "answered" ? "ok" : report.outcome,
    latencyMs: Math.round(report.latencyMs),
    tokensOut: report.completionTokens ?? null,
    // Rows of one turn have one time: their numbers order them.
    meta: { attempt: index + 1, ...meta, ...metaOf(report) },
    startedMs: report.startedAt - startedAt,
    firstTokenMs: report.firstTokenMs,
    usage: attemptUsage(
      usages.filter(({ call }) => call === report.call),
      prices,
    ),
  }));
}

function metaOf({ status, problem, reason }: AttemptReport): Record<string, unknown> {
  const meta: Record<string, unknown> = {};
  if (status !== undefined) meta["httpStatus"] = status;
  if (problem !== undefined) meta["problem"] = problem;
  if (reason !== undefined) meta["reason"] = reason;
  return meta;
}
