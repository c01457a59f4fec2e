import type { TokenUsage } from "#lib/chat/usage.ts";
import type { RunRecord } from "#lib/providers/chat/run.ts";
import { walk } from "#lib/providers/failover.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import {
  type Attempt,
  type EngineCall,
  newProgress,
  type WalkResult,
} from "#lib/providers/walk/walk-types.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { AttemptLog } from "#lib/services/run/attempt-log.ts";
import { logRunFailure } from "#lib/services/run/run-failure.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What is known of a run of one value: the ledger is written from it. */
export type WholeRecord = Pick<
  RunRecord,
  "state" | "attempts" | "skipped" | "usages" | "engine" | "calls" | "committed"
>;

export type WholeRun<Value> = {
  engines: readonly Engine[];
  /** Calls one engine, as `walk` wants it. `onUsed`: what the call used although it came to nothing. */
  attempt(target: EngineCall, onUsed: (usage: TokenUsage) => void): ReturnType<Attempt<Value>>;
  /** What an answer used; undefined if it counts for nothing. */
  usageOf?(value: Value): TokenUsage | undefined;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  /** Milliseconds for all attempts together. */
  deadlineMs: number;
  /** Chooses the first key of each pool. */
  keySeed: number;
  /** The caller named these engines. */
  named?: boolean;
  /** Called once, when the run has ended, however it ended: the record is complete. */
  onSettled?(record: WholeRecord): void;
  /** Where it is written which calls failed, and why no engine answered; undefined: nowhere. */
  failureLog?: { logger: Logger; fields: LogFields };
};

export type WholeEffects = { health: WalkHealth; clock: Clock; random: () => number };

export type Whole<Value> = { value: Value; engine: Engine; record: WholeRecord };

/**
 * Walks engines to one whole value: what embeddings, token counts and whatever else does not stream have in
 * common. Throws what `walk` ends with, and why the signal aborted.
 */
export async function runWhole<Value>(run: WholeRun<Value>, effects: WholeEffects): Promise<Whole<Value>> {
  const progress = newProgress();
  const record: WholeRecord = {
    state: "running",
    attempts: [],
    skipped: progress.skipped,
    usages: [],
    engine: undefined,
    calls: 0,
    committed: false,
  };
  const steps = walk(
    run.engines,
    (target) =>
      run.attempt(target, (usage) => record.usages.push({ engine: target.engine, call: target.call, usage })),
    {
      ...effects,
      signal: run.signal,
      deadline: effects.clock.now() + run.deadlineMs,
      keySeed: run.keySeed,
      named: run.named === true,
      progress,
    },
  );
  const { failureLog } = run;
  const attempts = failureLog && new AttemptLog(failureLog.logger, failureLog.fields);
  try {
    let step = await steps.next();
    for (; !step.done; step = await steps.next()) {
      record.attempts.push(step.value);
      attempts?.note(record.attempts);
    }
    const result = step.value;
    if (!result.ok) throw result.error;
    return answered(result, run, record, effects.clock);
  } catch (thrown) {
    const error = run.signal.aborted ? abortError(run.signal) : thrown;
    record.state = endOf(run.signal);
    if (failureLog !== undefined) logRunFailure(failureLog.logger, record, error, failureLog.fields);
    throw error;
  } finally {
    record.calls = progress.calls;
    run.onSettled?.(record);
  }
}

function answered<Value>(
  { value, target, permit, startedAt }: WalkResult<Value> & { ok: true },
  run: WholeRun<Value>,
  record: WholeRecord,
  clock: Clock,
): Whole<Value> {
  const { engine, keyIndex, call } = target;
  permit.succeeded();
  record.attempts.push({
    engine,
    keyIndex,
    outcome: "answered",
    status: undefined,
    reason: undefined,
    call,
    startedAt: target.startedAt,
    latencyMs: clock.now() - startedAt,
  });
  const usage = run.usageOf?.(value);
  if (usage !== undefined) record.usages.push({ engine, call, usage });
  record.engine = engine;
  record.committed = true;
  record.state = "completed";
  return { value, engine, record };
}

function endOf(signal: AbortSignal): "failed" | "cancelled" | "interrupted" {
  if (!signal.aborted) return "failed";
  return abortError(signal).code === "client_closed_request" ? "cancelled" : "interrupted";
}
