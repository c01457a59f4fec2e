import { type BreakerState, CircuitBreaker, type Permit } from "#lib/providers/circuit-breaker.ts";
import { FAILURE_POLICY, type Failure } from "#lib/providers/failure.ts";

const RATE_LIMIT_FIRST_MS = 5_000;
const LONGEST_BENCH_MS = 3_600_000;
const KEY_BENCH_MS = 600_000;
const MODEL_BENCH_MS = 600_000;
const DEAD_MODEL_BENCH_MS = 3_600_000;
/** Model names come from clients too: what is remembered of them is bounded. */
const MOST_ENTRIES = 2_000;
const LOOK_EVERY_MS = 1_000;

/** What the health of an engine hangs on. */
export type EngineIdentity = { provider: { id: string }; model: string; origin: string };

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

type Bench = { until: number };
type RateLimit = Bench & { since: number; streak: number };

export type EngineReport = {
  engine: string;
  breaker: BreakerState;
  /** Milliseconds until every bench of the model is over; 0 when it has none. */
  benchedForMs: number;
  dead: boolean;
};

/**
 * Entries by their last use, the least recent forgotten first; but one that keeps an engine out only when
 * every other does too, or a client could free an engine by naming enough models.
 *
 * The two kinds are kept apart, so that no search is needed. That a bench is over shows in a look through
 * all, at most once a second: until then it may be taken for one that lasts.
 */
class Memory<Value> {
  readonly #isOut: (value: Value, now: number) => boolean;
  readonly #out = new Map<string, Value>();
  readonly #others = new Map<string, Value>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #latest: string | undefined;

  constructor(isOut: (value: Value, now: number) => boolean) {
    this.#isOut = isOut;
  }

  get(key: string): Value | undefined {
    const map = this.#out.has(key) ? this.#out : this.#others;
    const value = map.get(key);
    // The last one used is the most recent already.
    if (value === undefined || key === this.#latest) return value;
    map.delete(key);
    map.set(key, value);
    this.#latest = key;
    return value;
  }

  /** Must be called again whenever a value changes. */
  set(key: string, value: Value, now: number): void {
    this.delete(key);
    (this.#isOut(value, now) ? this.#out : this.#others).set(key, value);
    this.#latest = key;
    if (this.#out.size + this.#others.size <= MOST_ENTRIES) return;
    if (this.#others.size === 0) this.#look(now);
    const [oldest] = (this.#others.size > 0 ? this.#others : this.#out).keys();
    if (oldest !== undefined) this.delete(oldest);
  }

  delete(key: string): void {
    this.#out.delete(key);
    this.#others.delete(key);
  }

  *entries(): Generator<[string, Value]> {
    yield* this.#out;
    yield* this.#others;
  }

  #look(now: number): void {
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#latest = undefined;
    for (const [key, value] of this.#out) {
      if (this.#isOut(value, now)) continue;
      this.#out.delete(key);
      this.#others.set(key, value);
    }
  }
}

/** Leave by one breaker; the breaker is undefined as long as nothing is known of it. */
type Pass = { id: string; breaker: CircuitBreaker | undefined; permit: Permit };

/** Circuit breakers by id, each made by the first outcome that counts: names alone leave no trace. */
class Breakers {
  readonly #memory = new Memory<CircuitBreaker>((breaker, now) => breaker.state(now) !== "closed");

  releaseAt(id: string, now: number): number {
    return this.#memory.get(id)?.releaseAt(now) ?? 0;
  }

  wouldAdmit(id: string, now: number): boolean {
    return this.#memory.get(id)?.wouldAdmit(now) ?? true;
  }

  acquire(id: string, now: number): Pass | undefined {
    const breaker = this.#memory.get(id);
    // What a new breaker would give.
    const permit = breaker === undefined ? { probe: false, period: 0 } : breaker.tryAcquire(now);
    return permit === undefined ? undefined : { id, breaker, permit };
  }

  answering({ id, breaker, permit }: Pass, now: number): void {
    if (breaker === undefined || !permit.probe) return;
    breaker.answering(permit);
    this.#keep(id, breaker, now);
  }

  succeeded(pass: Pass, now: number): void {
    const breaker = this.#of(pass);
    breaker.succeeded(pass.permit, now);
    this.#keep(pass.id, breaker, now);
  }

  failed(pass: Pass, now: number): void {
    const breaker = this.#of(pass);
    breaker.failed(pass.permit, now);
    this.#keep(pass.id, breaker, now);
  }

  abandoned({ breaker, permit }: Pass): void {
    breaker?.abandoned(permit);
  }

  states(now: number): Map<string, BreakerState> {
    return new Map([...this.#memory.entries()].map(([id, breaker]) => [id, breaker.state(now)]));
  }

  /** The breaker that gave the pass, though it were forgotten since; else the one that others made. */
  #of({ id, breaker }: Pass): CircuitBreaker {
    return breaker ?? this.#memory.get(id) ?? new CircuitBreaker();
  }

  /** A breaker that was forgotten while its call was under way comes back, unless it has a successor. */
  #keep(id: string, breaker: CircuitBreaker, now: number): void {
    const current = this.#memory.get(id);
    if (current === undefined || current === breaker) this.#memory.set(id, breaker, now);
  }
}

const isBenched = (bench: Bench, now: number): boolean => bench.until > now;

/**
 * What the process remembers of its engines: benches of keys and models, circuit breakers per model and
 * per origin. Everything is counted in monotonic milliseconds, so a clock that jumps releases nothing.
 */
export class EngineHealth {
  readonly #now: () => number;
  /** 429: (provider, key, model). */
  readonly #rateLimits = new Memory<RateLimit>(isBenched);
  /** 401, 402, 403: (provider, key). */
  readonly #keys = new Memory<Bench>(isBenched);
  /** 403 about a model, 404, 410: (provider, model). */
  readonly #models = new Memory<Bench & { dead: boolean }>(isBenched);
  readonly #modelBreakers = new Breakers();
  readonly #originBreakers = new Breakers();

  constructor(now: () => number) {
    this.#now = now;
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
    return this.#lease(ids, model, origin, now);
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

  #lease(ids: Ids, model: Pass, origin: Pass, startedAt: number): Lease {
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
        if (breaker === "model") models.failed(model, now);
        else models.abandoned(model);
        // Any answer at all, even a refusal, shows that the origin can be reached.
        if (breaker === "origin") origins.failed(origin, now);
        else if (failure.status !== undefined) origins.succeeded(origin, now);
        else origins.abandoned(origin);
        this.#bench(ids, failure, startedAt);
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

  #bench(ids: Ids, failure: Failure, startedAt: number): void {
    const now = this.#now();
    const { bench } = FAILURE_POLICY[failure.kind];
    switch (bench) {
      case "none":
        return;
      case "key_and_model":
        return this.#benchRateLimited(ids.rateLimit, failure.retryAfterMs, startedAt);
      case "key":
        this.#keys.set(ids.key, { until: now + KEY_BENCH_MS }, now);
        return;
      case "model":
        this.#models.set(ids.model, { until: now + MODEL_BENCH_MS, dead: false }, now);
        return;
      case "dead_model":
        this.#models.set(ids.model, { until: now + DEAD_MODEL_BENCH_MS, dead: true }, now);
        return;
    }
  }

  /** Calls that were under way when the bench began tell of the same limit: only later ones repeat it. */
  #benchRateLimited(id: string, retryAfterMs: number | undefined, startedAt: number): void {
    const now = this.#now();
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
    };
    this.#rateLimits.set(id, limit, now);
  }
}

/** The names under which the health of an engine with one of its keys is kept. */
type Ids = { model: string; origin: string; key: string; rateLimit: string };

function idsOf({ provider, model, origin }: EngineIdentity, keyIndex: number): Ids {
  const key = `${provider.id}#${keyIndex}`;
  return { model: `${provider.id}/${model}`, origin, key, rateLimit: `${key}/${model}` };
}
