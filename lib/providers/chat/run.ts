import type { ChatEvent, FinishReason, ToolRun } from "#lib/chat/events.ts";
import type { ChatRequest, ContentPart } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { AttemptEffects, AttemptTimeouts } from "#lib/providers/chat/attempt.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptReport, SkippedEngine } from "#lib/providers/walk/walk-types.ts";

/** An event of a run: a batch of the answer, or what happened to an engine. */
export type RunEvent =
  /** A batch of the answer; never empty. */
  | { type: "answer"; events: readonly ChatEvent[] }
  /** An upstream call has ended without a complete answer. */
  | { type: "attempt"; report: AttemptReport }
  /** An engine has committed; its answer follows. */
  | { type: "engine"; engine: Engine; dropped: string[]; calls: number }
  /** The gateway runs a tool for the model, or has run it; see `tool-rounds.ts`. */
  | { type: "tool_run"; run: ToolRun }
  /**
   * The answer is complete, with the finish of its first choice. Always the last event of a run that does
   * not throw.
   */
  | { type: "completed"; reason: FinishReason; native: string };

/** A batch of the answer as run events. */
export function answerEvents(events: readonly ChatEvent[]): RunEvent[] {
  return events.length === 0 ? [] : [{ type: "answer", events }];
}

/** What a call has used. `usage` and `servedTokens` are replaced if the engine reports after the end of its answer. */
export type EngineUsage = {
  engine: Engine;
  usage: TokenUsage;
  /** Number of the call within its run, and when it was made, see `AttemptReport`. */
  call: number;
  startedAt: number;
  /** Tokens of the answer that the client got of it, an estimate if not all was passed on; 0 if absent. */
  servedTokens?: number;
};

/** The state of a run, valid at any moment and after it was abandoned; the ledger is written from it. */
export type RunRecord = {
  /** `interrupted`: aborted by the gateway, not by the client. */
  state: "running" | "completed" | "failed" | "cancelled" | "interrupted";
  /** Every upstream call, in order. */
  attempts: AttemptReport[];
  /** If no engine answered: the engines that were not called. */
  skipped: readonly SkippedEngine[];
  /** The usage of every call that committed or may be billed. */
  usages: EngineUsage[];
  /** The engine that committed last. */
  engine: Engine | undefined;
  calls: number;
  /** The visible answer as it was sent, up to a million characters. */
  text: string;
  /** Content was sent or, without streaming, was being written when the client disconnected. */
  committed: boolean;
  /** Milliseconds from the start to the first content. */
  firstContentMs: number | undefined;
  malformedFrames: number;
  /**
   * Defined while the usage of a complete answer may still come; the record is final when it resolves. Follows
   * the run's signal, and does not reject.
   */
  late?: Promise<void> | undefined;
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
  /**
   * For a request that wants the web: search results for engines that do not search by themselves. Asked for at
   * most once, and only when such an engine is about to be called.
   */
  webResults?: WebResults;
};

/**
 * Search results, or what to say without them, as parts of the user's message. Takes at most `timeoutMs`
 * milliseconds, and does not reject.
 */
export type WebResults = (within: {
  signal: AbortSignal;
  timeoutMs: number;
}) => Promise<readonly ContentPart[]>;

export type RunEffects = AttemptEffects & { health: WalkHealth; random: () => number };

export type RunEvents = AsyncIterableIterator<RunEvent[], void> & {
  return(): Promise<IteratorResult<RunEvent[], void>>;
};

export type ChatRun = {
  /**
   * The events, in batches as they arrived. To be read once, one batch at a time, to the end or to
   * `return()`. Throws `GatewayError`: before the first content as `walk` does, after it with
   * `stream_interrupted`.
   */
  events: RunEvents;
  record: RunRecord;
};
