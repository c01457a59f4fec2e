import { type BreakerState, CircuitBreaker, type Permit } from "#lib/providers/circuit-breaker.ts";
import { FAILURE_POLICY, type Failure } from "#lib/providers/failure.ts";

const RATE_LIMIT_FIRST_MS = 5_000;
const LONGEST_BENCH_MS = 3_600_000;
const KEY_BENCH_MS = 600_000;
const MODEL_BENCH_MS = 600_000;
const DEAD_MODEL_BENCH_MS = 3_600_000;
/** Model names come from clients too: what is remembered of them is bounded. */
const MOST_ENTRIES = 2_000;

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

/** Forgets the oldest entry when a map has grown past its bound. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_ENTRIES) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  return value;
}

/**
 * What the process remembers of its engines: benches of keys and models, circuit breakers per model and
 * per origin. Everything is counted in monotonic milliseconds, so a clock that jumps releases nothing.
 */
export class EngineHealth {
  readonly #now: () => number;
  /** 429: (provider, key, model). */
  readonly #rateLimits = new Map<string, RateLimit>();
  /** 401, 402, 403: (provider, key). */
  readonly #keys = new Map<string, Bench>();
  /** 403 about a model, 404, 410: (provider, model). */
  readonly #models = new Map<string, Bench & { dead: boolean }>();
  readonly #modelBreakers = new Map<string, CircuitBreaker>();
  readonly #originBreakers = new Map<string, CircuitBreaker>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** When this engine with this key could be called, monotonic milliseconds; `now` or earlier: at once. */
  releaseAt(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): number {
    return this.#releaseAt(engine, keyIndex, options, this.#now());
  }

  #releaseAt(engine: EngineIdentity, keyIndex: number, options: AdmitOptions, now: number): number {
    const rateLimit = this.#rateLimits.get(rateLimitId(engine, keyIndex));
    return Math.max(
      options.ignoreRateLimit === true ? 0 : (rateLimit?.until ?? 0),
      this.#keys.get(keyId(engine, keyIndex))?.until ?? 0,
      this.#models.get(modelId(engine))?.until ?? 0,
      this.#modelBreakers.get(modelId(engine))?.releaseAt(now) ?? 0,
      this.#originBreakers.get(engine.origin)?.releaseAt(now) ?? 0,
    );
  }

  /** Whether `acquire` would say yes now. */
  wouldAdmit(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): boolean {
    const now = this.#now();
    return (
      this.#releaseAt(engine, keyIndex, options, now) <= now &&
      (this.#modelBreakers.get(modelId(engine))?.wouldAdmit(now) ?? true) &&
      (this.#originBreakers.get(engine.origin)?.wouldAdmit(now) ?? true)
    );
  }

  /** Leave for one attempt, or undefined while anything about the engine or its key is benched. */
  acquire(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): Lease | undefined {
    if (!this.wouldAdmit(engine, keyIndex, options)) return undefined;
    const now = this.#now();
    const modelBreaker = breakerOf(this.#modelBreakers, modelId(engine));
    const originBreaker = breakerOf(this.#originBreakers, engine.origin);
    const modelPermit = modelBreaker.tryAcquire(now);
    const originPermit = originBreaker.tryAcquire(now);
    if (modelPermit === undefined || originPermit === undefined) {
      if (modelPermit !== undefined) modelBreaker.abandoned(modelPermit);
      if (originPermit !== undefined) originBreaker.abandoned(originPermit);
      return undefined;
    }
    return this.#lease(engine, keyIndex, { modelBreaker, modelPermit, originBreaker, originPermit });
  }

  /** Every engine that something is known of, for the operator. */
  report(): EngineReport[] {
    const now = this.#now();
    const engines = new Set([...this.#models.keys(), ...this.#modelBreakers.keys()]);
    return [...engines].map((engine) => {
      const bench = this.#models.get(engine);
      return {
        engine,
        breaker: this.#modelBreakers.get(engine)?.state(now) ?? "closed",
        benchedForMs: Math.max(0, (bench?.until ?? 0) - now),
        dead: bench?.dead === true && bench.until > now,
      };
    });
  }

  #lease(
    engine: EngineIdentity,
    keyIndex: number,
    held: {
      modelBreaker: CircuitBreaker;
      modelPermit: Permit;
      originBreaker: CircuitBreaker;
      originPermit: Permit;
    },
  ): Lease {
    const { modelBreaker, modelPermit, originBreaker, originPermit } = held;
    const startedAt = this.#now();
    let ended = false;
    const once = (end: () => void) => (): void => {
      if (ended) return;
      ended = true;
      end();
    };
    return {
      answering: () => {
        if (ended) return;
        modelBreaker.answering(modelPermit);
        originBreaker.answering(originPermit);
        this.#forgetSpentRateLimit(engine, keyIndex);
      },
      succeeded: once(() => {
        modelBreaker.succeeded(modelPermit, this.#now());
        originBreaker.succeeded(originPermit, this.#now());
        this.#forgetSpentRateLimit(engine, keyIndex);
      }),
      failed: (failure) =>
        once(() => {
          const now = this.#now();
          const { breaker } = FAILURE_POLICY[failure.kind];
          if (breaker === "model") modelBreaker.failed(modelPermit, now);
          else modelBreaker.abandoned(modelPermit);
          // Any answer at all, even a refusal, shows that the origin can be reached.
          if (breaker === "origin") originBreaker.failed(originPermit, now);
          else if (failure.status !== undefined) originBreaker.succeeded(originPermit, now);
          else originBreaker.abandoned(originPermit);
          this.#bench(engine, keyIndex, failure, startedAt);
        })(),
      abandoned: once(() => {
        modelBreaker.abandoned(modelPermit);
        originBreaker.abandoned(originPermit);
      }),
    };
  }

  /** An answer ends the doubling, but never a bench that a parallel request has just been given. */
  #forgetSpentRateLimit(engine: EngineIdentity, keyIndex: number): void {
    const id = rateLimitId(engine, keyIndex);
    const bench = this.#rateLimits.get(id);
    if (bench !== undefined && bench.until <= this.#now()) this.#rateLimits.delete(id);
  }

  #bench(engine: EngineIdentity, keyIndex: number, failure: Failure, startedAt: number): void {
    const now = this.#now();
    const { bench } = FAILURE_POLICY[failure.kind];
    switch (bench) {
      case "none":
        return;
      case "key_and_model":
        return this.#benchRateLimited(rateLimitId(engine, keyIndex), failure.retryAfterMs, startedAt);
      case "key":
        remember(this.#keys, keyId(engine, keyIndex), { until: now + KEY_BENCH_MS });
        return;
      case "model":
        remember(this.#models, modelId(engine), { until: now + MODEL_BENCH_MS, dead: false });
        return;
      case "dead_model":
        remember(this.#models, modelId(engine), { until: now + DEAD_MODEL_BENCH_MS, dead: true });
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
    remember(this.#rateLimits, id, {
      until: isSame ? Math.max(until, before.until) : until,
      since: isSame ? before.since : now,
      streak: retryAfterMs === undefined ? streak + 1 : streak,
    });
  }
}

function modelId(engine: EngineIdentity): string {
  return `${engine.provider.id}/${engine.model}`;
}

function keyId(engine: EngineIdentity, keyIndex: number): string {
  return `${engine.provider.id}#${keyIndex}`;
}

function rateLimitId(engine: EngineIdentity, keyIndex: number): string {
  return `${engine.provider.id}#${keyIndex}/${engine.model}`;
}

function breakerOf(breakers: Map<string, CircuitBreaker>, id: string): CircuitBreaker {
  return breakers.get(id) ?? remember(breakers, id, new CircuitBreaker());
}
