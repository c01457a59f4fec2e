import type { Failure, FailureCause, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import type { OutputLimit } from "#lib/providers/failures/output-cap.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { EngineKey } from "#lib/providers/vendors/credentials.ts";
import type { Clock } from "#lib/shared/clock.ts";
import type { GatewayError } from "#lib/shared/errors.ts";

/** One call to one engine with one key. */
export type EngineCall = {
  engine: Engine;
  key: EngineKey;
  keyIndex: number;
  /** Number of this upstream call within the request, from 1. */
  call: number;
  /** When it is made, wall clock, epoch milliseconds. */
  startedAt: number;
  /** Milliseconds until the request's deadline. */
  remainingMs: number;
  /** No other engine could take over: this one gets all the remaining time. */
  isLast: boolean;
  /** Leave out the gateway's additions (a prefill, cache fields), which were refused. */
  withoutAdditions: boolean;
  /** What the engine has refused to write more than, in this request or an earlier one. */
  outputLimit?: OutputLimit;
};

export type AttemptOutcome<Value> = { ok: true; value: Value } | FailedOutcome;

export type FailedOutcome = {
  ok: false;
  failure: Failure;
  /** The engine would take the same request with this change: it is called once more. */
  repeat?: Repeat;
};

/** A change of a request that was refused. */
export type Repeat =
  /** The engine refused something that the gateway had added. */
  | { kind: "without_additions" }
  /** It refused the output cap. */
  | { kind: "with_output_limit"; limit: OutputLimit };

/**
 * Calls one engine. Resolves once the engine is answering (or has answered), or with the failure.
 * Rejects only when the caller's signal aborts, or on a bug.
 */
export type Attempt<Value> = (target: EngineCall) => Promise<AttemptOutcome<Value>>;

/** The outcome of one upstream call. */
export type AttemptReport = {
  engine: Engine;
  keyIndex: number;
  /** `diverged`: the engine was to continue an answer and wrote another one. */
  outcome: FailureKind | "answered" | "cancelled" | "diverged";
  status: number | undefined;
  reason: string | undefined;
  /** What an operator has to mend. */
  problem?: FailureProblem;
  /** For the operator's log only. */
  detail?: string;
  /** Number of the call within its run, from 1; its usage has the same one. */
  call: number;
  /** Wall clock, epoch milliseconds. */
  startedAt: number;
  latencyMs: number;
  /** From the call to its first content, milliseconds; absent if none came, or if the answer came whole. */
  firstTokenMs?: number;
  /** Tokens that the call generated, if it got that far. */
  completionTokens?: number;
};

export type WalkOptions = {
  health: WalkHealth;
  clock: Clock;
  /** A number in [0, 1). */
  random: () => number;
  signal: AbortSignal;
  /** Monotonic milliseconds by which an engine must be answering. */
  deadline: number;
  /** Chooses the first key of each pool; the same number keeps a conversation on its key. */
  keySeed: number;
  /**
   * What must be there before this call, with its timeouts not yet running; undefined if nothing is missing. Must
   * not reject, and ends when the signal aborts.
   */
  beforeCall?: (call: Pick<EngineCall, "engine" | "withoutAdditions">) => Promise<void> | undefined;
  /** The caller named these engines: a transient failure is tried once more on the same one. */
  named?: boolean;
  /** Carried over from an earlier walk of the same request, so that no engine is called twice. */
  progress?: WalkProgress;
};

/** The progress of a request; all its walks share one object. */
export type WalkProgress = {
  calls: number;
  refusals: Failure[];
  otherFailures: number;
  /** The last failure of each engine that was called. */
  failures: Map<string, Failure>;
  /** Engines that were not called; filled when a walk ends without an answer. */
  skipped: SkippedEngine[];
  /** Engines that are not called again in this request. */
  spent: Set<string>;
};

/** An engine that a request did not call, and why. */
export type SkippedEngine = {
  engine: Engine;
  /** Undefined: the deadline came before its turn. */
  cause: FailureCause | undefined;
  /** When it may be called again, epoch milliseconds. */
  until: number | undefined;
};

export function newProgress(): WalkProgress {
  return { calls: 0, refusals: [], otherFailures: 0, failures: new Map(), skipped: [], spent: new Set() };
}

export type WalkResult<Value> =
  | { ok: true; value: Value; target: EngineCall; permit: EnginePermit; startedAt: number }
  | { ok: false; error: GatewayError };
