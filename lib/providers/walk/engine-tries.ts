import { FAILURE_POLICY, type Failure } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { WalkOptions } from "#lib/providers/walk/walk-types.ts";

/** A named engine is waited for at most this long, milliseconds. */
const MAX_WAIT_MS = 5_000;
const RETRY_PAUSE_MS = 250;

/** The next call of an engine: its key, its form and the wait before it. */
type Try = { keyIndex: number; withoutAdditions: boolean; waitMs: number };

/** The calls of one engine within a walk: which key comes next, and how. */
export class EngineTries {
  readonly #engine: Engine;
  readonly #options: WalkOptions;
  /** Indexes of the keys that have not been tried yet, in order. */
  readonly #keys: number[];
  /** The one retry of a named engine has been used. */
  #isRetried = false;
  /** Undefined when there is nothing left to try. */
  next: Try | undefined;
  /** The engine has been called. */
  isCalled = false;

  constructor(engine: Engine, options: WalkOptions) {
    this.#engine = engine;
    this.#options = options;
    const count = engine.keys.length;
    this.#keys = engine.keys.map((_, index) => (options.keySeed + index) % count);
    this.takeNextKey();
  }

  takeNextKey(): void {
    const keyIndex = this.#keys.shift();
    this.next = keyIndex === undefined ? undefined : { keyIndex, withoutAdditions: false, waitMs: 0 };
  }

  /** The same key once more, without the gateway's additions, which were refused. */
  repeatWithoutAdditions(): void {
    if (this.next !== undefined) this.next = { ...this.next, withoutAdditions: true, waitMs: 0 };
  }

  /** Decides what comes after a failed call, by the policy for its failure. */
  afterFailure(failure: Failure): void {
    const policy = FAILURE_POLICY[failure.kind];
    if (this.#options.named === true && policy.transient && !this.#isRetried) this.#retry(failure);
    else if (policy.next === "key") this.takeNextKey();
    else this.next = undefined;
  }

  /** Retries a named engine after a transient failure: with another free key at once, else after a wait. */
  #retry({ retryAfterMs }: Failure): void {
    const { health, random, clock, deadline } = this.#options;
    this.#isRetried = true;
    const free = this.#keys.findIndex((keyIndex) => health.wouldAdmit(this.#engine, keyIndex));
    if (free !== -1) {
      this.#keys.splice(0, free);
      return this.takeNextKey();
    }
    const waitMs = retryAfterMs ?? RETRY_PAUSE_MS * (0.8 + 0.4 * random());
    const fits = waitMs <= MAX_WAIT_MS && clock.now() + waitMs < deadline;
    this.next = fits && this.next !== undefined ? { ...this.next, waitMs } : undefined;
  }
}
