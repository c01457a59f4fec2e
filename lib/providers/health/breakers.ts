import type { FailureCause } from "#lib/providers/failures/failure.ts";
import { BenchMemory } from "#lib/providers/health/bench-memory.ts";
import {
  type BreakerState,
  CircuitBreaker,
  type Opening,
  type Permit,
} from "#lib/providers/health/circuit-breaker.ts";

/** A permit with the breaker that gave it, which is undefined as long as nothing is known of it. */
export type BreakerPermit = { id: string; breaker: CircuitBreaker | undefined; permit: Permit };

/** A breaker that lets nothing through, or one probe; times are monotonic milliseconds. */
export type KeptBreaker = Opening & { id: string; state: "open" | "half_open"; cause: FailureCause };

/** Circuit breakers by id, each made by the first outcome that counts: names alone leave no trace. */
export class Breakers {
  readonly #memory = new BenchMemory<CircuitBreaker>((breaker, now) => breaker.state(now) !== "closed");
  /** The failure that opened each breaker last. */
  readonly #causes = new WeakMap<CircuitBreaker, FailureCause>();

  releaseAt(id: string, now: number): number {
    return this.#memory.get(id)?.releaseAt(now) ?? 0;
  }

  /** Why the breaker lets nothing through, or one probe at most; undefined while it is closed. */
  causeOf(id: string, now: number): FailureCause | undefined {
    const breaker = this.#memory.get(id);
    return breaker === undefined || breaker.state(now) === "closed" ? undefined : this.#causes.get(breaker);
  }

  wouldAdmit(id: string, now: number): boolean {
    return this.#memory.get(id)?.wouldAdmit(now) ?? true;
  }

  acquire(id: string, now: number): BreakerPermit | undefined {
    const breaker = this.#memory.get(id);
    // What a new breaker would give.
    const permit = breaker === undefined ? { probe: false, period: 0 } : breaker.tryAcquire(now);
    return permit === undefined ? undefined : { id, breaker, permit };
  }

  answering({ id, breaker, permit }: BreakerPermit, now: number): void {
    if (breaker === undefined || !permit.probe) return;
    breaker.answering(permit);
    this.#keep(id, breaker, now);
  }

  succeeded(given: BreakerPermit, now: number): void {
    const breaker = this.#of(given);
    breaker.succeeded(given.permit, now);
    this.#keep(given.id, breaker, now);
  }

  /** Counts a failure. Whether it has opened the breaker, which it had not been before. */
  failed(given: BreakerPermit, cause: FailureCause, now: number): boolean {
    const breaker = this.#of(given);
    const wasOpen = breaker.state(now) === "open";
    breaker.failed(given.permit, now);
    this.#keep(given.id, breaker, now);
    const opened = !wasOpen && breaker.state(now) === "open";
    if (opened) this.#causes.set(breaker, cause);
    return opened;
  }

  abandoned({ breaker, permit }: BreakerPermit): void {
    breaker?.abandoned(permit);
  }

  /** Every breaker that is not closed. */
  *kept(now: number): Generator<KeptBreaker> {
    for (const [id, breaker] of this.#memory.entries()) {
      const state = breaker.state(now);
      const cause = this.#causes.get(breaker);
      if (state === "closed" || cause === undefined) continue;
      yield { id, state, cause, ...breaker.opening };
    }
  }

  /** Takes over what another instance has learnt, if its breaker stays open for longer than the one here. */
  learn({ id, until, openForMs, cause }: KeptBreaker, now: number): void {
    const breaker = this.#memory.get(id) ?? new CircuitBreaker();
    if (!breaker.learnOpen({ until, openForMs }, now)) return;
    this.#causes.set(breaker, cause);
    this.#memory.setIfRoom(id, breaker, now);
  }

  states(now: number): Map<string, BreakerState> {
    return new Map([...this.#memory.entries()].map(([id, breaker]) => [id, breaker.state(now)]));
  }

  /** The breaker that gave the permit, though it were forgotten since; else the one that others made. */
  #of({ id, breaker }: BreakerPermit): CircuitBreaker {
    return breaker ?? this.#memory.get(id) ?? new CircuitBreaker();
  }

  /** A breaker that was forgotten while its call was under way comes back, unless it has a successor. */
  #keep(id: string, breaker: CircuitBreaker, now: number): void {
    const current = this.#memory.get(id);
    if (current === undefined || current === breaker) this.#memory.set(id, breaker, now);
  }
}
