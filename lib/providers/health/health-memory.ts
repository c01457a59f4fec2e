import type { FailureCause } from "#lib/providers/failures/failure.ts";
import { Benches } from "#lib/providers/health/benches.ts";
import { Breakers } from "#lib/providers/health/breakers.ts";
import type { BenchLevel, EngineIdentity, HealthScope } from "#lib/providers/health/engine-identity.ts";
import { HealthNews } from "#lib/providers/health/health-news.ts";
import { LastAnswers } from "#lib/providers/health/last-answers.ts";
import { OutputLimits } from "#lib/providers/health/output-limits.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** A bench that has just begun, or a breaker that has just opened. */
export type BenchStart = {
  /** What is benched: a key, a key for one model, a model with all keys, or all engines of one origin. */
  level: BenchLevel | "origin";
  /** The use of the engine. A bench of an origin counts for every use. */
  scope: HealthScope;
  engine: EngineIdentity;
  keyIndex: number;
  cause: FailureCause;
  /** Milliseconds. */
  forMs: number;
};

/** The state that all scopes share. */
export type HealthMemory = {
  clock: Pick<Clock, "now" | "wallNow">;
  onBench: (bench: BenchStart) => void;
  benches: Benches;
  modelBreakers: Breakers;
  originBreakers: Breakers;
  outputLimits: OutputLimits;
  answers: LastAnswers;
  /** What the other instances have not been told. */
  news: HealthNews;
};

/** A memory in which nothing has happened. */
export function newHealthMemory(
  clock: HealthMemory["clock"],
  onBench: HealthMemory["onBench"],
): HealthMemory {
  const news = new HealthNews();
  const answers = new LastAnswers();
  return {
    clock,
    onBench,
    benches: new Benches(news, answers),
    modelBreakers: new Breakers("model", news, answers),
    originBreakers: new Breakers("origin", news, answers),
    outputLimits: new OutputLimits(),
    answers,
    news,
  };
}
