import {
  FAILURE_POLICY,
  type Failure,
  type FailureCause,
  type FailureKind,
} from "#lib/providers/failures/failure.ts";
import {
  clientClosed,
  contentRefused,
  requestRefused,
  type UnansweredEngine,
  unavailable,
} from "#lib/providers/failures/run-errors.ts";
import type { EngineBench } from "#lib/providers/health/benches.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { EngineKey } from "#lib/providers/vendors/credentials.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import type { GatewayError } from "#lib/shared/errors.ts";

/** After this many refusals the request itself is taken to be at fault. */
const MAX_REFUSALS = 3;
/** A named engine is waited for at most this long, milliseconds. */
const MAX_WAIT_MS = 5_000;
const RETRY_PAUSE_MS = 250;
/** With less time than this left, milliseconds, a call would only be thrown away. */
const MIN_CALL_MS = 50;

/** One call to one engine with one key. */
export type EngineCall = {
  engine: Engine;
  key: EngineKey;
  keyIndex: number;
  /** Number of this upstream call within the request, from 1. */
  call: number;
  /** Milliseconds left of the request's deadline. */
  remainingMs: number;
  /** No other engine could take over: this one gets all the time that is left. */
  isLast: boolean;
  /** Leave out what the gateway adds on its own account (a prefill, cache fields): it was refused. */
  withoutAdditions: boolean;
};

export type AttemptOutcome<Value> =
  | { ok: true; value: Value }
  | {
      ok: false;
      failure: Failure;
      /** The engine refused something that the gateway had added: one repeat without it. */
      additionRefused?: boolean;
    };

/**
 * Calls one engine. Resolves once the engine is answering (or has answered), or with the reason why it
 * is not. Rejects only when the caller's signal aborts, or on a bug.
 */
export type Attempt<Value> = (target: EngineCall) => Promise<AttemptOutcome<Value>>;

/** What became of one upstream call. */
export type AttemptReport = {
  engine: Engine;
  keyIndex: number;
  /** `diverged`: asked to continue an answer, the engine wrote another one. */
  outcome: FailureKind | "answered" | "cancelled" | "diverged";
  status: number | undefined;
  reason: string | undefined;
  /** For the operator's log only. */
  detail?: string;
  latencyMs: number;
  /** Tokens that the call generated, where it got that far. */
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
  /** The caller named these engines: a transient failure is tried once more on the same one. */
  named?: boolean;
  /** Carried over from an earlier walk of the same request, so that no engine is asked twice. */
  progress?: WalkProgress;
};

/** What a request has been through so far; one object serves all walks of one request. */
export type WalkProgress = {
  calls: number;
  refusals: Failure[];
  otherFailures: number;
  /** How each engine that was called failed last. */
  failures: Map<string, Failure>;
  /** What was not called, once a walk has ended without an answer. */
  skipped: SkippedEngine[];
  /** Engines that are not asked again in this request. */
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

/**
 * Walks engines in order until one answers: the core of failover, which knows nothing of chat.
 *
 * Skips what is benched without a call, rotates keys, keeps the deadline, classifies and benches what
 * fails. Yields a report of every failed call as it happens. The permit of the answering engine is handed
 * to the caller, who ends it when the answer is complete.
 *
 * Ends with `content_policy`, `engines_refused` or `context_length_exceeded` (400), `engines_unavailable`
 * (503, with the soonest release as `retryAfterSeconds`), `model_not_found` (404, where the caller named
 * the engines), or `client_closed_request`.
 */
export async function* walk<Value>(
  engines: readonly Engine[],
  attempt: Attempt<Value>,
  options: WalkOptions,
): AsyncGenerator<AttemptReport, WalkResult<Value>> {
  const { health, clock, signal } = options;
  const progress = options.progress ?? newProgress();
  // A client's own list may name one engine twice.
  const queue = [...new Map(engines.map((engine) => [engine.id, engine])).values()].filter(
    (engine) => !progress.spent.has(engine.id),
  );

  for (let position = 0; position < queue.length; position++) {
    const engine = queue[position];
    if (engine === undefined) break;
    const tries = newTries(engine, options.keySeed);
    while (tries.next !== undefined) {
      const { keyIndex, withoutAdditions, waitMs } = tries.next;
      if (waitMs > 0) await sleep(clock, waitMs, signal);
      if (signal.aborted) return { ok: false, error: clientClosed() };
      const startedAt = clock.now();
      const remainingMs = options.deadline - startedAt;
      if (remainingMs < MIN_CALL_MS) return unanswered(engines, progress, options);
      // A second try of a named engine has waited as it was told to: its rate limit is not in the way.
      const key = engine.keys[keyIndex];
      const permit =
        key === undefined ? undefined : health.acquire(engine, keyIndex, { ignoreRateLimit: waitMs > 0 });
      if (key === undefined || permit === undefined) {
        tries.next = nextKey(tries);
        continue;
      }
      progress.calls++;
      tries.called = true;
      const isLast = !queue.slice(position + 1).some((other) => couldAnswer(other, health));
      const target: EngineCall = {
        engine,
        key,
        keyIndex,
        call: progress.calls,
        remainingMs,
        isLast,
        withoutAdditions,
      };

      let outcome: AttemptOutcome<Value>;
      try {
        outcome = await attempt(target);
      } catch (error) {
        permit.abandoned();
        if (!signal.aborted) throw error;
        yield report(target, "cancelled", undefined, clock.now() - startedAt);
        return { ok: false, error: clientClosed() };
      }
      if (outcome.ok) {
        permit.answering();
        return { ok: true, value: outcome.value, target, permit, startedAt };
      }

      const { failure } = outcome;
      permit.failed(failure);
      progress.failures.set(engine.id, failure);
      yield report(target, failure.kind, failure, clock.now() - startedAt);
      const policy = FAILURE_POLICY[failure.kind];
      if (policy.next === "answer") return { ok: false, error: contentRefused(failure) };
      if (outcome.additionRefused === true && !withoutAdditions) {
        tries.next = { keyIndex, withoutAdditions: true, waitMs: 0 };
        continue;
      }
      if (policy.refusal) {
        progress.refusals.push(failure);
        if (progress.refusals.length >= MAX_REFUSALS)
          return { ok: false, error: requestRefused(progress.refusals) };
        if (failure.kind === "context_length") preferLargerContext(queue, position);
      } else {
        progress.otherFailures++;
      }
      tries.next = afterFailure(tries, failure, options);
    }
    if (tries.called) progress.spent.add(engine.id);
  }
  if (progress.refusals.length > 0 && progress.otherFailures === 0) {
    return { ok: false, error: requestRefused(progress.refusals) };
  }
  return unanswered(engines, progress, options);
}

/** The state of one engine's turn: which key comes next, and how. */
type EngineTries = {
  engine: Engine;
  /** Key indexes not tried yet, in order. */
  keys: number[];
  next: { keyIndex: number; withoutAdditions: boolean; waitMs: number } | undefined;
  called: boolean;
  /** The one further try of a named engine has been used. */
  retried: boolean;
};

function newTries(engine: Engine, keySeed: number): EngineTries {
  const count = engine.keys.length;
  const keys = engine.keys.map((_, index) => (keySeed + index) % count);
  const tries: EngineTries = { engine, keys, next: undefined, called: false, retried: false };
  tries.next = nextKey(tries);
  return tries;
}

function nextKey(tries: EngineTries): EngineTries["next"] {
  const keyIndex = tries.keys.shift();
  return keyIndex === undefined ? undefined : { keyIndex, withoutAdditions: false, waitMs: 0 };
}

function afterFailure(tries: EngineTries, failure: Failure, options: WalkOptions): EngineTries["next"] {
  const { clock, deadline } = options;
  const current = tries.next;
  const policy = FAILURE_POLICY[failure.kind];
  if (options.named === true && policy.transient && current !== undefined && !tries.retried) {
    tries.retried = true;
    const free = tries.keys.findIndex((keyIndex) => options.health.wouldAdmit(tries.engine, keyIndex));
    if (free !== -1) {
      tries.keys.splice(0, free);
      return nextKey(tries);
    }
    const waitMs = failure.retryAfterMs ?? RETRY_PAUSE_MS * (0.8 + 0.4 * options.random());
    const fits = waitMs <= MAX_WAIT_MS && clock.now() + waitMs < deadline;
    return fits ? { ...current, waitMs } : undefined;
  }
  return policy.next === "key" ? nextKey(tries) : undefined;
}

function couldAnswer(engine: Engine, health: WalkHealth): boolean {
  return engine.keys.some((_, keyIndex) => health.wouldAdmit(engine, keyIndex));
}

/** Engines known to read more than the one that refused move ahead; the order is kept otherwise. */
function preferLargerContext(queue: Engine[], position: number): void {
  const size = queue[position]?.contextTokens;
  if (size === undefined) return;
  const rest = queue.splice(position + 1);
  const isLarger = (engine: Engine): boolean => (engine.contextTokens ?? 0) > size;
  queue.push(...rest.filter(isLarger), ...rest.filter((engine) => !isLarger(engine)));
}

function report(
  target: EngineCall,
  outcome: AttemptReport["outcome"],
  failure: Failure | undefined,
  latencyMs: number,
): AttemptReport {
  return {
    engine: target.engine,
    keyIndex: target.keyIndex,
    outcome,
    status: failure?.status,
    reason: failure?.reason,
    ...(failure?.detail === undefined ? {} : { detail: failure.detail }),
    latencyMs,
  };
}

/** The walk has ended without an answer: what kept each engine from giving one. */
function unanswered(
  engines: readonly Engine[],
  progress: WalkProgress,
  options: WalkOptions,
): WalkResult<never> {
  const { health, clock, named = false } = options;
  const now = clock.now();
  let soonest = Number.POSITIVE_INFINITY;
  const states: UnansweredEngine[] = [];
  for (const engine of new Map(engines.map((one) => [one.id, one])).values()) {
    const release = soonestRelease(engine, health, now);
    soonest = Math.min(soonest, release.at);
    const cause = release.bench?.cause ?? progress.failures.get(engine.id);
    states.push({ id: engine.id, cause });
    // Asked in this walk, or in an earlier one of the same request.
    if (progress.failures.has(engine.id) || progress.spent.has(engine.id)) continue;
    const until = release.bench === undefined ? undefined : clock.wallNow() + (release.at - now);
    progress.skipped.push({ engine, cause, until });
  }
  const waitSeconds = Number.isFinite(soonest) ? Math.max(1, Math.ceil((soonest - now) / 1_000)) : 1;
  return { ok: false, error: unavailable({ engines: states, named, calls: progress.calls, waitSeconds }) };
}

type Release = { at: number; bench: EngineBench | undefined };

/** When the first of its keys may be used again, and what keeps that one out until then. */
function soonestRelease(engine: Engine, health: WalkHealth, now: number): Release {
  let soonest: Release = { at: Number.POSITIVE_INFINITY, bench: undefined };
  for (let keyIndex = 0; keyIndex < engine.keys.length; keyIndex++) {
    const bench = health.benchOf(engine, keyIndex);
    const at = bench?.until ?? now;
    if (at < soonest.at) soonest = { at, bench };
  }
  return soonest;
}
