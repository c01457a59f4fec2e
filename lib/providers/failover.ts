import { type Failure, policyOf } from "#lib/providers/failures/failure.ts";
import { clientClosed, contentRefused, requestRefused } from "#lib/providers/failures/run-errors.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { EngineTries } from "#lib/providers/walk/engine-tries.ts";
import { unanswered } from "#lib/providers/walk/unanswered.ts";
import {
  type Attempt,
  type AttemptOutcome,
  type AttemptReport,
  type EngineCall,
  type FailedOutcome,
  newProgress,
  type Repeat,
  type WalkOptions,
  type WalkProgress,
  type WalkResult,
} from "#lib/providers/walk/walk-types.ts";
import { sleep } from "#lib/shared/clock.ts";
import type { GatewayError } from "#lib/shared/errors.ts";

/** After this many refusals, the request itself is considered at fault. */
const MAX_REFUSALS = 3;
/** No call is started with less time than this before the deadline, milliseconds. */
const MIN_CALL_MS = 50;

/**
 * Walks engines in order until one answers: the core of failover, which is independent of chat.
 *
 * Skips what is benched without a call, rotates keys, keeps the deadline, and benches what fails. Yields a
 * report of every failed call as it happens. The caller receives the permit of the answering engine and
 * ends it when the answer is complete.
 *
 * Ends with `content_policy`, `engines_refused` or `context_length_exceeded` (400), `engines_unavailable`
 * (503, with the soonest release as `retryAfterSeconds`), `model_not_found` (404, if the caller named
 * the engines), or `client_closed_request`.
 */
export async function* walk<Value>(
  engines: readonly Engine[],
  attempt: Attempt<Value>,
  options: WalkOptions,
): AsyncGenerator<AttemptReport, WalkResult<Value>> {
  const { health, clock, signal } = options;
  const progress = options.progress ?? newProgress();
  const queue = createQueue(engines, progress);
  for (const [position, engine] of queue.entries()) {
    const tries = new EngineTries(engine, options);
    while (tries.next !== undefined) {
      if (tries.next.waitMs > 0) await sleep(clock, tries.next.waitMs, signal);
      if (signal.aborted) return { ok: false, error: clientClosed() };
      if (options.deadline - clock.now() < MIN_CALL_MS) return unanswered(engines, progress, options);
      const allowed = allow(engine, tries.next, health);
      if (allowed === undefined) {
        tries.takeNextKey();
        continue;
      }
      const { permit, call } = allowed;
      const missing = options.beforeCall?.(call);
      if (missing !== undefined && !(await isThere(missing, permit, signal))) continue;
      tries.isCalled = true;
      const startedAt = clock.now();
      const remainingMs = options.deadline - startedAt;
      const isLast = !couldAnswer(queue.slice(position + 1), health);
      const target: EngineCall = {
        ...call,
        call: ++progress.calls,
        startedAt: clock.wallNow(),
        remainingMs,
        isLast,
      };
      const outcome = await callOnce(attempt, target, permit, signal);
      if (outcome === undefined) {
        yield report(target, "cancelled", undefined, clock.now() - startedAt);
        return { ok: false, error: clientClosed() };
      }
      if (outcome.ok) {
        tries.answered();
        return { ...outcome, target, permit, startedAt };
      }
      const { failure } = outcome;
      progress.failures.set(engine.id, failure);
      yield report(target, failure.kind, failure, clock.now() - startedAt);
      const error = prepareNext(tries, outcome, progress);
      if (error !== undefined) return { ok: false, error };
      if (failure.kind === "context_length") preferLargerContext(queue, position);
    }
    if (tries.isCalled) progress.spent.add(engine.id);
  }
  const onlyRefused = progress.refusals.length > 0 && progress.otherFailures === 0;
  return onlyRefused
    ? { ok: false, error: requestRefused(progress.refusals) }
    : unanswered(engines, progress, options);
}

/** Waits for what a call needs. False if the caller's signal aborts meanwhile: there is no call. */
async function isThere(missing: Promise<void>, permit: EnginePermit, signal: AbortSignal): Promise<boolean> {
  await missing;
  if (signal.aborted) permit.abandoned();
  return !signal.aborted;
}

/** The engines to try, in order. A client's own list may name one engine twice. */
function createQueue(engines: readonly Engine[], { spent }: WalkProgress): Engine[] {
  const unique = new Map(engines.map((engine) => [engine.id, engine]));
  return [...unique.values()].filter((engine) => !spent.has(engine.id));
}

/** Decides what is tried after a failed call; the error if the walk ends here. */
function prepareNext(
  tries: EngineTries,
  { failure, repeat = repeatOf(failure) }: FailedOutcome,
  progress: WalkProgress,
): GatewayError | undefined {
  if (repeat !== undefined && tries.repeat(repeat)) return undefined;
  const error = countFailure(failure, progress);
  if (error === undefined) tries.afterFailure(failure);
  return error;
}

function repeatOf({ outputLimit }: Failure): Repeat | undefined {
  return outputLimit === undefined ? undefined : { kind: "with_output_limit", limit: outputLimit };
}

type Allowed = {
  permit: EnginePermit;
  call: Pick<EngineCall, "engine" | "key" | "keyIndex" | "withoutAdditions" | "outputLimit">;
};

/** The permit for a call with this key; undefined if the engine or the key is benched. */
function allow(
  engine: Engine,
  { keyIndex, withoutAdditions, outputLimit, waitMs }: NonNullable<EngineTries["next"]>,
  health: WalkHealth,
): Allowed | undefined {
  const key = engine.keys[keyIndex];
  if (key === undefined) return undefined;
  // The retry of a named engine has waited as the provider asked, so the rate limit does not apply.
  const permit = health.acquire(engine, keyIndex, { ignoreRateLimit: waitMs > 0 });
  if (permit === undefined) return undefined;
  const call = { engine, key, keyIndex, withoutAdditions };
  return { permit, call: outputLimit === undefined ? call : { ...call, outputLimit } };
}

/** Calls the engine and records the outcome on the permit. Undefined when the caller's signal aborts. */
async function callOnce<Value>(
  attempt: Attempt<Value>,
  target: EngineCall,
  permit: EnginePermit,
  signal: AbortSignal,
): Promise<AttemptOutcome<Value> | undefined> {
  try {
    const outcome = await attempt(target);
    if (outcome.ok) permit.answering();
    else permit.failed(outcome.failure);
    return outcome;
  } catch (error) {
    permit.abandoned();
    if (!signal.aborted) throw error;
    return undefined;
  }
}

/** Counts a failure. Returns an error if it ends the walk. */
function countFailure(failure: Failure, progress: WalkProgress): GatewayError | undefined {
  const policy = policyOf(failure);
  if (policy.next === "answer") return contentRefused(failure);
  if (!policy.refusal) {
    // An engine that the account cannot have counts as one that was not called: soon it is not.
    if (failure.kind !== "account") progress.otherFailures++;
    return undefined;
  }
  progress.refusals.push(failure);
  // What is too large for one account may be small for the next.
  const counted = progress.refusals.filter(({ kind }) => kind !== "oversized");
  return counted.length >= MAX_REFUSALS ? requestRefused(progress.refusals) : undefined;
}

function couldAnswer(engines: readonly Engine[], health: WalkHealth): boolean {
  return engines.some((engine) => engine.keys.some((_, keyIndex) => health.wouldAdmit(engine, keyIndex)));
}

/** Moves engines with a larger context window than the one that refused to the front of the rest. */
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
    ...(failure?.problem === undefined ? {} : { problem: failure.problem }),
    ...(failure?.detail === undefined ? {} : { detail: failure.detail }),
    call: target.call,
    startedAt: target.startedAt,
    latencyMs,
  };
}
