import type { FailureCause } from "#lib/providers/failures/failure.ts";
import { BenchMemory } from "#lib/providers/health/bench-memory.ts";
import {
  type BreakerState,
  CircuitBreaker,
  type Opening,
  type Permit,
} from "#lib/providers/health/circuit-breaker.ts";
import type { HealthNews, NewsLevel } from "#lib/providers/health/health-news.ts";
import type { LastAnswers } from "#lib/providers/health/last-answers.ts";

/** A permit with the breaker that gave it; undefined if no breaker exists yet. */
export type BreakerPermit = { id: string; breaker: CircuitBreaker | undefined; permit: Permit };

/** What a breaker is for: a model of a provider, or an address. */
export type BreakerLevel = "model" | "origin";

/** A breaker that is not closed; times are monotonic milliseconds. */
export type KeptBreaker = Opening & {
  level: BreakerLevel;
  id: string;
  state: "open" | "half_open";
  cause: FailureCause;
};

/** Circuit breakers by id. Each is created by the first outcome that counts, not by a look-up. */
export class Breakers {
  readonly #memory = new BenchMemory<CircuitBreaker>((breaker, now) => breaker.state(now) !== "closed");
  /** The failure that opened each breaker last. */
  readonly #causes = new WeakMap<CircuitBreaker, FailureCause>();
  readonly #level: BreakerLevel;
  readonly #news: HealthNews;
  readonly #answers: LastAnswers;

  constructor(level: BreakerLevel, news: HealthNews, answers: LastAnswers) {
    this.#level = level;
    this.#news = news;
    this.#answers = answers;
  }

  releaseAt(id: string, now: number): number {
    return this.#memory.get(id)?.releaseAt(now) ?? 0;
  }

  /** Why the breaker is open or half-open; undefined while it is closed. */
  causeOf(id: string, now: number): FailureCause | undefined {
    const breaker = this.#memory.get(id);
    return breaker === undefined || breaker.state(now) === "closed" ? undefined : this.#causes.get(breaker);
  }

  wouldAdmit(id: string, now: number): boolean {
    return this.#memory.get(id)?.wouldAdmit(now) ?? true;
  }

  acquire(id: string, now: number): BreakerPermit | undefined {
    const breaker = this.#memory.get(id);
    // The permit that a new breaker would give.
    const permit = breaker === undefined ? { probe: false, period: 0, at: now } : breaker.tryAcquire(now);
    return permit === undefined ? undefined : { id, breaker, permit };
  }

  answering({ id, breaker, permit }: BreakerPermit, now: number): void {
    if (breaker === undefined || !permit.probe) return;
    breaker.answering(permit);
    this.#keep(id, breaker, now);
    this.#news.lifted(this.#newsLevel, id, permit.at);
  }

  succeeded(given: BreakerPermit, now: number): void {
    this.answering(given, now);
    const breaker = this.#of(given);
    breaker.succeeded(given.permit, now);
    this.#keep(given.id, breaker, now);
  }

  /** Counts a failure. Returns whether it opened the breaker. */
  failed(given: BreakerPermit, cause: FailureCause, now: number): boolean {
    const breaker = this.#of(given);
    const wasOpen = breaker.state(now) === "open";
    breaker.failed(given.permit, now);
    this.#keep(given.id, breaker, now);
    const opened = !wasOpen && breaker.state(now) === "open";
    if (opened) {
      this.#causes.set(breaker, cause);
      this.#news.benched(this.#newsLevel, given.id);
    }
    return opened;
  }

  abandoned({ breaker, permit }: BreakerPermit): void {
    breaker?.abandoned(permit);
  }

  /** Every breaker that is not closed. */
  *kept(now: number): Generator<KeptBreaker> {
    for (const [id, breaker] of this.#memory.entries()) {
      const kept = this.#kept(id, breaker, now);
      if (kept !== undefined) yield kept;
    }
  }

  /** The breaker with this id, unless it is closed. */
  find(id: string, now: number): KeptBreaker | undefined {
    const breaker = this.#memory.get(id);
    return breaker && this.#kept(id, breaker, now);
  }

  #kept(id: string, breaker: CircuitBreaker, now: number): KeptBreaker | undefined {
    const state = breaker.state(now);
    const cause = this.#causes.get(breaker);
    if (state === "closed" || cause === undefined) return undefined;
    return { level: this.#level, id, state, cause, ...breaker.opening };
  }

  get #newsLevel(): NewsLevel {
    return this.#level === "model" ? "model_breaker" : "origin_breaker";
  }

  /** Another instance's probe, which began at `at`, was answered: what opened before is closed. */
  lift(id: string, at: number, now: number): void {
    const breaker = this.#memory.get(id);
    if (breaker === undefined || !breaker.learnClosed(at)) return;
    this.#memory.set(id, breaker, now);
  }

  /**
   * Takes over the state of another instance's breaker if it stays open longer than the one here, and if no call has
   * been answered here that began after it opened.
   */
  learn({ id, until, openForMs, cause }: KeptBreaker, now: number): void {
    if (this.#answers.isAfter(id, until - openForMs)) return;
    const breaker = this.#memory.get(id) ?? new CircuitBreaker();
    if (!breaker.learnOpen({ until, openForMs }, now)) return;
    this.#causes.set(breaker, cause);
    this.#memory.setIfRoom(id, breaker, now);
  }

  states(now: number): Map<string, BreakerState> {
    return new Map([...this.#memory.entries()].map(([id, breaker]) => [id, breaker.state(now)]));
  }

  /** The breaker that gave the permit, even if it was evicted since; otherwise the current or a new one. */
  #of({ id, breaker }: BreakerPermit): CircuitBreaker {
    return breaker ?? this.#memory.get(id) ?? new CircuitBreaker();
  }

  /** Stores the breaker again if it was evicted during its call, unless there is a new one. */
  #keep(id: string, breaker: CircuitBreaker, now: number): void {
    const current = this.#memory.get(id);
    if (current === undefined || current === breaker) this.#memory.set(id, breaker, now);
  }
}
