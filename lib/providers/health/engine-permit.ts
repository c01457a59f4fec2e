import { causeOf, type Failure, policyOf } from "#lib/providers/failures/failure.ts";
import type { EngineBench } from "#lib/providers/health/benches.ts";
import type { BreakerPermit } from "#lib/providers/health/breakers.ts";
import type { EngineIdentity, EntryIds, HealthScope } from "#lib/providers/health/engine-identity.ts";
import type { BenchStart, HealthMemory } from "#lib/providers/health/health-memory.ts";

/**
 * A permit for one attempt. Exactly one of `succeeded`, `failed` or `abandoned` ends it; later calls are
 * ignored.
 */
export type EnginePermit = {
  /** The engine has begun to answer, which closes a half-open breaker. */
  answering(): void;
  succeeded(): void;
  failed(failure: Failure): void;
  abandoned(): void;
};

/** What a permit is for. */
export type Called = {
  scope: HealthScope;
  engine: EngineIdentity;
  keyIndex: number;
  ids: EntryIds;
  startedAt: number;
};

type BreakerPermits = { model: BreakerPermit; origin: BreakerPermit };

/** For engines that are never benched: outcomes are ignored. */
export const NO_CONSEQUENCES: EnginePermit = {
  answering: () => undefined,
  succeeded: () => undefined,
  failed: () => undefined,
  abandoned: () => undefined,
};

/** A permit whose outcome is counted by the breakers and may bench the engine or its key. */
export function createPermit(called: Called, permits: BreakerPermits, memory: HealthMemory): EnginePermit {
  const { benches, modelBreakers, originBreakers, answers, clock } = memory;
  const { model, origin } = permits;
  const { ids, startedAt } = called;
  let ended = false;
  const answered = (now: number): void => {
    answers.note(startedAt, ids.rateLimit, ids.key, ids.model, ids.provider, ids.origin);
    benches.forgetSpentRateLimit(ids, startedAt, now);
  };
  /** Ends the permit; false if it had already ended. */
  const end = (): boolean => {
    const first = !ended;
    ended = true;
    return first;
  };
  return {
    answering: () => {
      if (ended) return;
      const now = clock.now();
      modelBreakers.answering(model, now);
      originBreakers.answering(origin, now);
      answered(now);
    },
    succeeded: () => {
      if (!end()) return;
      const now = clock.now();
      modelBreakers.succeeded(model, now);
      originBreakers.succeeded(origin, now);
      answered(now);
    },
    failed: (failure) => {
      if (end()) endWithFailure(called, failure, permits, memory);
    },
    abandoned: () => {
      if (!end()) return;
      modelBreakers.abandoned(model);
      originBreakers.abandoned(origin);
    },
  };
}

function endWithFailure(
  called: Called,
  failure: Failure,
  { model, origin }: BreakerPermits,
  memory: HealthMemory,
): void {
  const { benches, modelBreakers, originBreakers, answers, clock } = memory;
  const { ids, startedAt, scope, engine, keyIndex } = called;
  const now = clock.now();
  const report = (level: BenchStart["level"], { cause, until }: EngineBench): void =>
    memory.onBench({ level, scope, engine, keyIndex, cause, forMs: until - now });
  const { breaker } = policyOf(failure);
  const cause = causeOf(failure);
  if (breaker !== "model") modelBreakers.abandoned(model);
  else if (modelBreakers.failed(model, cause, now)) {
    report("model", { until: modelBreakers.releaseAt(ids.model, now), cause });
  }
  // Any answer, even a refusal, shows that the origin can be reached.
  if (breaker === "origin") {
    if (originBreakers.failed(origin, cause, now))
      report("origin", { until: originBreakers.releaseAt(ids.origin, now), cause });
  } else if (failure.status !== undefined) {
    originBreakers.succeeded(origin, now);
    answers.note(startedAt, ids.origin);
  } else originBreakers.abandoned(origin);
  const begun = benches.failed(ids, failure, startedAt, now, engine.provider.missingModelBenchMs);
  if (begun !== undefined) report(begun.level, begun.bench);
}
