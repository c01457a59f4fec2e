import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { AttemptEffects, AttemptTimeouts } from "#lib/providers/chat/attempt.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptReport, SkippedEngine } from "#lib/providers/walk/walk-types.ts";

/** The life of a run: what happens to its engines, and the answer, a stretch at a time. */
export type RunEvent =
  /** What an engine said; never empty. */
  | { type: "answer"; events: readonly ChatEvent[] }
  /** An upstream call has ended without a complete answer. */
  | { type: "attempt"; report: AttemptReport }
  /** An engine has committed: what follows is its answer. */
  | { type: "engine"; engine: Engine; dropped: string[]; calls: number }
  /**
   * The answer is complete, with the finish of its first choice. Always the last event of a run that does
   * not throw.
   */
  | { type: "completed"; reason: FinishReason; native: string };

/** What an engine said as the events of a run. */
export function answerEvents(events: readonly ChatEvent[]): RunEvent[] {
  return events.length === 0 ? [] : [{ type: "answer", events }];
}

export type EngineUsage = { engine: Engine; usage: TokenUsage };

/** What is known of a run at any moment, also after it was abandoned: the ledger is written from it. */
export type RunRecord = {
  /** `interrupted`: aborted by us, not by the client. */
  state: "running" | "completed" | "failed" | "cancelled" | "interrupted";
  /** Every upstream call, in order. */
  attempts: AttemptReport[];
  /** Engines that were not called, where no other answered either. */
  skipped: readonly SkippedEngine[];
  /** Every call that committed, or may be billed without, with what it used. */
  usages: EngineUsage[];
  /** The engine that committed last. */
  engine: Engine | undefined;
  calls: number;
  /** The visible answer as it was handed out, up to its first million characters. */
  text: string;
  /** Something was handed out, or was being written for a client that left and wanted no stream. */
  committed: boolean;
  /** Milliseconds from the start to the first content. */
  firstContentMs: number | undefined;
  malformedFrames: number;
};

export function newRecord(): RunRecord {
  return {
    state: "running",
    attempts: [],
    skipped: [],
    usages: [],
    engine: undefined,
    calls: 0,
    text: "",
    committed: false,
    firstContentMs: undefined,
    malformedFrames: 0,
  };
}

export type RunOptions = {
  engines: readonly Engine[];
  request: ChatRequest;
  signal: AbortSignal;
  timeouts: AttemptTimeouts & { deadlineMs: number };
  /** Chooses the first key of each pool. */
  keySeed: number;
  /** The caller named these engines. */
  named?: boolean;
  /** Continue a broken text answer on the next engine. */
  recovery: boolean;
  promptCache: boolean;
};

export type RunEffects = AttemptEffects & { health: EngineHealth; random: () => number };

export type RunEvents = AsyncIterableIterator<RunEvent[], void> & {
  return(): Promise<IteratorResult<RunEvent[], void>>;
};

export type ChatRun = {
  /**
   * The events, in batches: what arrived together comes together. To be read once, one batch at a time,
   * to its end or to `return()`. Throws `GatewayError`: before the first content as `walk` does, after it with
   * `stream_interrupted`.
   */
  events: RunEvents;
  record: RunRecord;
};
