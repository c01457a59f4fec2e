import { causeOf, type Failure, type FailureCause, policyOf } from "#lib/providers/failures/failure.ts";
import { BenchMemory } from "#lib/providers/health/bench-memory.ts";
import type { BenchLevel, EntryIds } from "#lib/providers/health/engine-identity.ts";
import type { HealthNews } from "#lib/providers/health/health-news.ts";
import type { LastAnswers } from "#lib/providers/health/last-answers.ts";

const RATE_LIMIT_FIRST_MS = 5_000;
/** The longest bench, whatever a provider or another instance says. */
export const MAX_BENCH_MS = 3_600_000;
const KEY_BENCH_MS = 600_000;
const MODEL_BENCH_MS = 600_000;
const PROVIDER_BENCH_MS = 600_000;
const DEAD_MODEL_BENCH_MS = 3_600_000;

/** Why an engine must not be called with a key, and until when, in monotonic milliseconds. */
export type EngineBench = { until: number; cause: FailureCause };
/** With its beginning. */
export type DatedBench = EngineBench & { since: number };
/** `knownAt`: when this process learned of it. Calls that began earlier do not count twice. */
export type RateLimitBench = DatedBench & { knownAt: number; streak: number };
export type ModelBench = DatedBench & { dead: boolean };

export type BegunBench = { level: BenchLevel; bench: EngineBench };

/** A bench of any level with its id. */
export type KeptBench =
  | { level: "key_and_model"; id: string; bench: RateLimitBench }
  | { level: "key" | "provider"; id: string; bench: DatedBench }
  | { level: "model"; id: string; bench: ModelBench };

const isBenched = (bench: EngineBench, now: number): boolean => bench.until > now;

/** Keys and models that are not called for some time because of earlier failures. */
export class Benches {
  /** 429: (provider, key, model). */
  readonly #rateLimits = new BenchMemory<RateLimitBench>(isBenched);
  /** 401, 402, 403, an account without credit: (provider, key). */
  readonly #keys = new BenchMemory<DatedBench>(isBenched);
  /** 403 about a model, 404, 410, a model that the account does not have: (provider, model). */
  readonly #models = new BenchMemory<ModelBench>(isBenched);
  /** A region that is not served: (provider). */
  readonly #providers = new BenchMemory<DatedBench>(isBenched);
  readonly #news: HealthNews;
  readonly #answers: LastAnswers;

  constructor(news: HealthNews, answers: LastAnswers) {
    this.#news = news;
    this.#answers = answers;
  }

  /** When the last of its benches ends, monotonic milliseconds; 0 without one. */
  releaseAt(ids: EntryIds, ignoreRateLimit: boolean): number {
    return Math.max(
      ignoreRateLimit ? 0 : (this.#rateLimits.get(ids.rateLimit)?.until ?? 0),
      this.#keys.get(ids.key)?.until ?? 0,
      this.#models.get(ids.model)?.until ?? 0,
      this.#providers.get(ids.provider)?.until ?? 0,
    );
  }

  of(ids: EntryIds): (EngineBench | undefined)[] {
    return [
      this.#rateLimits.get(ids.rateLimit),
      this.#keys.get(ids.key),
      this.#models.get(ids.model),
      this.#providers.get(ids.provider),
    ];
  }

  models(): Generator<[string, ModelBench]> {
    return this.#models.entries();
  }

  /**
   * An answer to a call that started after the limit shows that it is over, and ends the doubling. An answer
   * to an earlier call says nothing about a bench that a parallel request has caused since.
   */
  forgetSpentRateLimit({ rateLimit }: EntryIds, startedAt: number, now: number): void {
    const bench = this.#rateLimits.get(rateLimit);
    if (bench === undefined) return;
    if (bench.until > now && bench.since >= startedAt) return;
    this.#rateLimits.delete(rateLimit);
    if (bench.until > now) this.#news.lifted("key_and_model", rateLimit, startedAt);
  }

  /**
   * Benches what the failure's policy says. Returns the bench if it is new, not if it prolongs one.
   * @param missingModelMs how long a model is benched that the provider does not know, milliseconds.
   */
  failed(
    ids: EntryIds,
    failure: Failure,
    startedAt: number,
    now: number,
    missingModelMs = DEAD_MODEL_BENCH_MS,
  ): BegunBench | undefined {
    const cause = causeOf(failure);
    const { bench } = policyOf(failure);
    switch (bench) {
      case "none":
        return undefined;
      case "key_and_model":
        return this.#rateLimited(ids.rateLimit, failure, startedAt, now);
      case "key": {
        const until =
          now +
          (failure.problem === "daily_allowance" ? (failure.retryAfterMs ?? KEY_BENCH_MS) : KEY_BENCH_MS);
        return this.#begin("key", this.#keys, ids.key, { since: now, until, cause });
      }
      case "provider": {
        const until = now + PROVIDER_BENCH_MS;
        return this.#begin("provider", this.#providers, ids.provider, { since: now, until, cause });
      }
      case "model":
      case "dead_model": {
        const dead = bench === "dead_model";
        const until = now + (dead ? missingModelMs : MODEL_BENCH_MS);
        return this.#begin("model", this.#models, ids.model, { since: now, until, cause, dead });
      }
    }
  }

  /** Calls that started before the bench began hit the same limit; only later ones double the backoff. */
  #rateLimited(id: string, failure: Failure, startedAt: number, now: number): BegunBench | undefined {
    const { retryAfterMs } = failure;
    const before = this.#rateLimits.get(id);
    const isSame = before !== undefined && startedAt <= before.knownAt;
    if (isSame && retryAfterMs === undefined) return undefined;
    const streak = before?.streak ?? 0;
    const backoff = Math.min(MAX_BENCH_MS, RATE_LIMIT_FIRST_MS * 2 ** Math.min(streak, 20));
    const until = now + (retryAfterMs ?? backoff);
    const limit: RateLimitBench = {
      until: isSame ? Math.max(until, before.until) : until,
      since: isSame ? before.since : now,
      knownAt: isSame ? before.knownAt : now,
      streak: retryAfterMs === undefined ? streak + 1 : streak,
      cause: causeOf(failure),
    };
    this.#rateLimits.set(id, limit, now);
    this.#news.benched("key_and_model", id);
    return begun("key_and_model", limit, before, now);
  }

  /** Sets a bench. Returns it if it is new, not if it prolongs one. */
  #begin<Bench extends DatedBench>(
    level: BenchLevel,
    memory: BenchMemory<Bench>,
    id: string,
    bench: Bench,
  ): BegunBench | undefined {
    const before = memory.get(id);
    memory.set(id, bench, bench.since);
    this.#news.benched(level, id);
    return begun(level, bench, before, bench.since);
  }

  /** The bench of this entry; undefined if it has none, or its bench has ended. */
  find(level: BenchLevel, id: string, now: number): KeptBench | undefined {
    const found = this.#entry(level, id);
    return found !== undefined && isBenched(found.bench, now) ? found : undefined;
  }

  #entry(level: BenchLevel, id: string): KeptBench | undefined {
    switch (level) {
      case "key_and_model": {
        const bench = this.#rateLimits.get(id);
        return bench && { level, id, bench };
      }
      case "key":
      case "provider": {
        const bench = (level === "key" ? this.#keys : this.#providers).get(id);
        return bench && { level, id, bench };
      }
      case "model": {
        const bench = this.#models.get(id);
        return bench && { level, id, bench };
      }
    }
  }

  /** All active benches. */
  *kept(now: number): Generator<KeptBench> {
    for (const [id, bench] of this.#rateLimits.entries())
      if (isBenched(bench, now)) yield { level: "key_and_model", id, bench };
    for (const [id, bench] of this.#keys.entries())
      if (isBenched(bench, now)) yield { level: "key", id, bench };
    for (const [id, bench] of this.#models.entries())
      if (isBenched(bench, now)) yield { level: "model", id, bench };
    for (const [id, bench] of this.#providers.entries())
      if (isBenched(bench, now)) yield { level: "provider", id, bench };
  }

  /**
   * Takes over a bench from another instance if it lasts longer than the one known here, and if no call has been
   * answered here that began after it.
   */
  learn({ level, id, bench }: KeptBench, now: number): void {
    if (this.#answers.isAfter(id, bench.since)) return;
    switch (level) {
      case "key_and_model": {
        const before = this.#rateLimits.get(id);
        const streak = Math.max(bench.streak, before?.streak ?? 0);
        if (isLater(bench, before)) this.#rateLimits.setIfRoom(id, { ...bench, streak }, now);
        return;
      }
      case "key":
        if (isLater(bench, this.#keys.get(id))) this.#keys.setIfRoom(id, bench, now);
        return;
      case "provider":
        if (isLater(bench, this.#providers.get(id))) this.#providers.setIfRoom(id, bench, now);
        return;
      case "model":
        if (isLater(bench, this.#models.get(id))) this.#models.setIfRoom(id, bench, now);
        return;
    }
  }

  /**
   * Another instance has had an answer to a call that began at `at`: a rate limit that began before is over. Other
   * benches stay, since they may be about a key that the other instance did not call with.
   */
  lift(id: string, at: number): void {
    const bench = this.#rateLimits.get(id);
    if (bench !== undefined && bench.since < at) this.#rateLimits.delete(id);
  }
}

function begun(
  level: BenchLevel,
  bench: EngineBench,
  before: EngineBench | undefined,
  now: number,
): BegunBench | undefined {
  return before !== undefined && before.until > now ? undefined : { level, bench };
}

function isLater(bench: EngineBench, before: EngineBench | undefined): boolean {
  return bench.until > (before?.until ?? 0);
}
