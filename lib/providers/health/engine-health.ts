import { causeOf, FAILURE_POLICY, type Failure, type FailureCause } from "#lib/providers/failures/failure.ts";
import { BenchMemory } from "#lib/providers/health/bench-memory.ts";
import { Breakers, type Pass } from "#lib/providers/health/breakers.ts";
import type { BreakerState } from "#lib/providers/health/circuit-breaker.ts";

const RATE_LIMIT_FIRST_MS = 5_000;
const LONGEST_BENCH_MS = 3_600_000;
const KEY_BENCH_MS = 600_000;
const MODEL_BENCH_MS = 600_000;
const DEAD_MODEL_BENCH_MS = 3_600_000;

/** What the health of an engine hangs on. */
export type EngineIdentity = {
  provider: { id: string; neverBenched?: boolean };
  model: string;
  origin: string;
  keys?: readonly string[];
};

/** What is left alone: a key, a key for one model, a model with all keys, everything at one address. */
export type BenchScope = "key" | "key_and_model" | "model" | "origin";

/** A bench that has just begun. */
export type BenchStart = {
  scope: BenchScope;
  engine: EngineIdentity;
  keyIndex: number;
  cause: FailureCause;
  /** Milliseconds. */
  forMs: number;
};

/** What keeps an engine with a key from being called: until when, monotonic milliseconds, and why. */
export type EngineBench = { until: number; cause: FailureCause };

export type AdmitOptions = {
  /** The caller has waited as the provider asked: its rate limit does not count. */
  ignoreRateLimit?: boolean;
};

/**
 * Leave for one attempt. Exactly one of `succeeded`, `failed` or `abandoned` ends it; later calls are
 * ignored.
 */
export type Lease = {
  /** The engine has begun to answer: a half-open breaker closes. */
  answering(): void;
  succeeded(): void;
  failed(failure: Failure): void;
  abandoned(): void;
};

type Bench = EngineBench;
type RateLimit = Bench & { since: number; streak: number };

export type EngineReport = {
  engine: string;
  breaker: BreakerState;
  /** Milliseconds until every bench of the model is over; 0 when it has none. */
  benchedForMs: number;
  dead: boolean;
};

const isBenched = (bench: Bench, now: number): boolean => bench.until > now;

/**
 * What the process remembers of its engines: benches of keys and models, circuit breakers per model and
 * per origin. Everything is counted in monotonic milliseconds, so a clock that jumps releases nothing.
 */
export class EngineHealth {
  readonly #now: () => number;
  readonly #onBench: (bench: BenchStart) => void;
  /** 429: (provider, key, model). */
  readonly #rateLimits = new BenchMemory<RateLimit>(isBenched);
  /** 401, 402, 403: (provider, key). */
  readonly #keys = new BenchMemory<Bench>(isBenched);
  /** 403 about a model, 404, 410: (provider, model). */
  readonly #models = new BenchMemory<Bench & { dead: boolean }>(isBenched);
  readonly #modelBreakers = new Breakers();
  readonly #originBreakers = new Breakers();

  /** @param onBench told once of each bench, when it begins. */
  constructor(now: () => number, onBench: (bench: BenchStart) => void = () => undefined) {
    this.#now = now;
    this.#onBench = onBench;
  }

  /** When this engine with this key could be called, monotonic milliseconds; `now` or earlier: at once. */
  releaseAt(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): number {
    return this.#releaseAt(idsOf(engine, keyIndex), options, this.#now());
  }

  #releaseAt(ids: Ids, options: AdmitOptions, now: number): number {
    const rateLimit = this.#rateLimits.get(ids.rateLimit);
    return Math.max(
      options.ignoreRateLimit === true ? 0 : (rateLimit?.until ?? 0),
      this.#keys.get(ids.key)?.until ?? 0,
      this.#models.get(ids.model)?.until ?? 0,
      this.#modelBreakers.releaseAt(ids.model, now),
      this.#originBreakers.releaseAt(ids.origin, now),
    );
  }

  /** What keeps this engine with this key out now, the longest of several; undefined when nothing does. */
  benchOf(engine: EngineIdentity, keyIndex: number): EngineBench | undefined {
    const ids = idsOf(engine, keyIndex);
    const now = this.#now();
    if (this.#wouldAdmit(ids, {}, now)) return undefined;
    const benches = [
      this.#rateLimits.get(ids.rateLimit),
      this.#keys.get(ids.key),
      this.#models.get(ids.model),
      openBreaker(this.#modelBreakers, ids.model, now),
      openBreaker(this.#originBreakers, ids.origin, now),
    ];
    let longest: EngineBench | undefined;
    for (const bench of benches) {
      if (bench !== undefined && bench.until >= Math.max(now, longest?.until ?? 0)) longest = bench;
    }
    return longest;
  }

  /** Whether `acquire` would say yes now. */
  wouldAdmit(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): boolean {
    return this.#wouldAdmit(idsOf(engine, keyIndex), options, this.#now());
  }

  #wouldAdmit(ids: Ids, options: AdmitOptions, now: number): boolean {
    return (
      this.#releaseAt(ids, options, now) <= now &&
      this.#modelBreakers.wouldAdmit(ids.model, now) &&
      this.#originBreakers.wouldAdmit(ids.origin, now)
    );
  }

  /** Leave for one attempt, or undefined while anything about the engine or its key is benched. */
  acquire(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): Lease | undefined {
    if (engine.provider.neverBenched === true) return UNWATCHED;
    const ids = idsOf(engine, keyIndex);
    const now = this.#now();
    if (!this.#wouldAdmit(ids, options, now)) return undefined;
    const model = this.#modelBreakers.acquire(ids.model, now);
    if (model === undefined) return undefined;
    const origin = this.#originBreakers.acquire(ids.origin, now);
    if (origin === undefined) {
      this.#modelBreakers.abandoned(model);
      return undefined;
    }
    return this.#lease({ engine, keyIndex }, ids, model, origin, now);
  }

  /** Every engine that something is known of, for the operator. */
  report(): EngineReport[] {
    const now = this.#now();
    const benches = new Map(this.#models.entries());
    const breakers = this.#modelBreakers.states(now);
    return [...new Set([...benches.keys(), ...breakers.keys()])].map((engine) => {
      const bench = benches.get(engine);
      return {
        engine,
        breaker: breakers.get(engine) ?? "closed",
        benchedForMs: Math.max(0, (bench?.until ?? 0) - now),
        dead: bench?.dead === true && bench.until > now,
      };
    });
  }

  #lease(called: Called, ids: Ids, model: Pass, origin: Pass, startedAt: number): Lease {
    const models = this.#modelBreakers;
    const origins = this.#originBreakers;
    let ended = false;
    /** Whether this is the call that ends the lease. */
    const ends = (): boolean => {
      const first = !ended;
      ended = true;
      return first;
    };
    return {
      answering: () => {
        if (ended) return;
        const now = this.#now();
        models.answering(model, now);
        origins.answering(origin, now);
        this.#forgetSpentRateLimit(ids, now);
      },
      succeeded: () => {
        if (!ends()) return;
        const now = this.#now();
        models.succeeded(model, now);
        origins.succeeded(origin, now);
        this.#forgetSpentRateLimit(ids, now);
      },
      failed: (failure) => {
        if (!ends()) return;
        const now = this.#now();
        const { breaker } = FAILURE_POLICY[failure.kind];
        const cause = causeOf(failure);
        if (breaker !== "model") models.abandoned(model);
        else if (models.failed(model, cause, now)) {
          this.#begun("model", called, { until: models.releaseAt(ids.model, now), cause });
        }
        // Any answer at all, even a refusal, shows that the origin can be reached.
        if (breaker === "origin") {
          if (origins.failed(origin, cause, now))
            this.#begun("origin", called, { until: origins.releaseAt(ids.origin, now), cause });
        } else if (failure.status !== undefined) origins.succeeded(origin, now);
        else origins.abandoned(origin);
        this.#bench(called, ids, failure, startedAt);
      },
      abandoned: () => {
        if (!ends()) return;
        models.abandoned(model);
        origins.abandoned(origin);
      },
    };
  }

  /** An answer ends the doubling, but never a bench that a parallel request has just been given. */
  #forgetSpentRateLimit({ rateLimit }: Ids, now: number): void {
    const bench = this.#rateLimits.get(rateLimit);
    if (bench !== undefined && bench.until <= now) this.#rateLimits.delete(rateLimit);
  }

  #bench(called: Called, ids: Ids, failure: Failure, startedAt: number): void {
    const now = this.#now();
    const cause = causeOf(failure);
    const { bench } = FAILURE_POLICY[failure.kind];
    switch (bench) {
      case "none":
        return;
      case "key_and_model":
        return this.#benchRateLimited(called, ids.rateLimit, failure, startedAt);
      case "key": {
        const before = this.#keys.get(ids.key);
        const next = { until: now + KEY_BENCH_MS, cause };
        this.#keys.set(ids.key, next, now);
        return this.#begun("key", called, next, before);
      }
      case "model":
      case "dead_model": {
        const dead = bench === "dead_model";
        const before = this.#models.get(ids.model);
        const next = { until: now + (dead ? DEAD_MODEL_BENCH_MS : MODEL_BENCH_MS), cause, dead };
        this.#models.set(ids.model, next, now);
        return this.#begun("model", called, next, before);
      }
    }
  }

  /** Calls that were under way when the bench began tell of the same limit: only later ones repeat it. */
  #benchRateLimited(called: Called, id: string, failure: Failure, startedAt: number): void {
    const now = this.#now();
    const { retryAfterMs } = failure;
    const before = this.#rateLimits.get(id);
    const isSame = before !== undefined && startedAt <= before.since;
    if (isSame && retryAfterMs === undefined) return;
    const streak = before?.streak ?? 0;
    const backoff = Math.min(LONGEST_BENCH_MS, RATE_LIMIT_FIRST_MS * 2 ** Math.min(streak, 20));
    const until = now + (retryAfterMs ?? backoff);
    const limit: RateLimit = {
      until: isSame ? Math.max(until, before.until) : until,
      since: isSame ? before.since : now,
      streak: retryAfterMs === undefined ? streak + 1 : streak,
      cause: causeOf(failure),
    };
    this.#rateLimits.set(id, limit, now);
    this.#begun("key_and_model", called, limit, before);
  }

  /** Tells of a bench that begins; one that was there already is only prolonged. */
  #begun(scope: BenchScope, { engine, keyIndex }: Called, bench: Bench, before?: Bench): void {
    const now = this.#now();
    if (before !== undefined && before.until > now) return;
    this.#onBench({ scope, engine, keyIndex, cause: bench.cause, forMs: bench.until - now });
  }
}

/** What a lease is for. */
type Called = { engine: EngineIdentity; keyIndex: number };

/** For engines that are never benched: what became of a call is not looked at. */
const UNWATCHED: Lease = {
  answering: () => undefined,
  succeeded: () => undefined,
  failed: () => undefined,
  abandoned: () => undefined,
};

function openBreaker(breakers: Breakers, id: string, now: number): EngineBench | undefined {
  const cause = breakers.causeOf(id, now);
  return cause === undefined ? undefined : { until: breakers.releaseAt(id, now), cause };
}

/** The names under which the health of an engine with one of its keys is kept. */
type Ids = { model: string; origin: string; key: string; rateLimit: string };

function idsOf({ provider, model, origin }: EngineIdentity, keyIndex: number): Ids {
  const key = `${provider.id}#${keyIndex}`;
  return { model: `${provider.id}/${model}`, origin, key, rateLimit: `${key}/${model}` };
}
