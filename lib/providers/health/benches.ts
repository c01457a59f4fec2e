import { causeOf, type Failure, type FailureCause, policyOf } from "#lib/providers/failures/failure.ts";
import { BenchMemory } from "#lib/providers/health/bench-memory.ts";
import type { EntryIds } from "#lib/providers/health/engine-identity.ts";

const RATE_LIMIT_FIRST_MS = 5_000;
/** The longest bench, whatever a provider or another instance says. */
export const MAX_BENCH_MS = 3_600_000;
const KEY_BENCH_MS = 600_000;
const MODEL_BENCH_MS = 600_000;
const PROVIDER_BENCH_MS = 600_000;
const DEAD_MODEL_BENCH_MS = 3_600_000;

/** Why an engine must not be called with a key, and until when, in monotonic milliseconds. */
export type EngineBench = { until: number; cause: FailureCause };
export type RateLimitBench = EngineBench & { since: number; streak: number };
export type ModelBench = EngineBench & { dead: boolean };

/** What is benched: a key for one model, a key, a model with all keys, or all models of a provider. */
export type BenchLevel = "key_and_model" | "key" | "model" | "provider";
export type BegunBench = { level: BenchLevel; bench: EngineBench };

/** A bench of any level with its id. */
export type KeptBench =
  | { level: "key_and_model"; id: string; bench: RateLimitBench }
  | { level: "key" | "provider"; id: string; bench: EngineBench }
  | { level: "model"; id: string; bench: ModelBench };

const isBenched = (bench: EngineBench, now: number): boolean => bench.until > now;

/** Keys and models that are not called for some time because of earlier failures. */
export class Benches {
  /** 429: (provider, key, model). */
  readonly #rateLimits = new BenchMemory<RateLimitBench>(isBenched);
  /** 401, 402, 403, an account without credit: (provider, key). */
  readonly #keys = new BenchMemory<EngineBench>(isBenched);
  /** 403 about a model, 404, 410, a model that the account does not have: (provider, model). */
  readonly #models = new BenchMemory<ModelBench>(isBenched);
  /** A region that is not served: (provider). */
  readonly #providers = new BenchMemory<EngineBench>(isBenched);

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
    if (bench.until <= now || bench.since < startedAt) this.#rateLimits.delete(rateLimit);
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
      case "key":
        return begin("key", this.#keys, ids.key, { until: now + KEY_BENCH_MS, cause }, now);
      case "provider":
        return begin(
          "provider",
          this.#providers,
          ids.provider,
          { until: now + PROVIDER_BENCH_MS, cause },
          now,
        );
      case "model":
      case "dead_model": {
        const dead = bench === "dead_model";
        const until = now + (dead ? missingModelMs : MODEL_BENCH_MS);
        return begin("model", this.#models, ids.model, { until, cause, dead }, now);
      }
    }
  }

  /** Calls that started before the bench began hit the same limit; only later ones double the backoff. */
  #rateLimited(id: string, failure: Failure, startedAt: number, now: number): BegunBench | undefined {
    const { retryAfterMs } = failure;
    const before = this.#rateLimits.get(id);
    const isSame = before !== undefined && startedAt <= before.since;
    if (isSame && retryAfterMs === undefined) return undefined;
    const streak = before?.streak ?? 0;
    const backoff = Math.min(MAX_BENCH_MS, RATE_LIMIT_FIRST_MS * 2 ** Math.min(streak, 20));
    const until = now + (retryAfterMs ?? backoff);
    const limit: RateLimitBench = {
      until: isSame ? Math.max(until, before.until) : until,
      since: isSame ? before.since : now,
      streak: retryAfterMs === undefined ? streak + 1 : streak,
      cause: causeOf(failure),
    };
    this.#rateLimits.set(id, limit, now);
    return begun("key_and_model", limit, before, now);
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

  /** Takes over a bench from another instance if it lasts longer than the one known here. */
  learn({ level, id, bench }: KeptBench, now: number): void {
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
}

/** Sets a bench. Returns it if it is new, not if it prolongs one. */
function begin<Bench extends EngineBench>(
  level: BenchLevel,
  memory: BenchMemory<Bench>,
  id: string,
  bench: Bench,
  now: number,
): BegunBench | undefined {
  const before = memory.get(id);
  memory.set(id, bench, now);
  return begun(level, bench, before, now);
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
