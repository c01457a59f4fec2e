import { type Failure, policyOf } from "#lib/providers/failures/failure.ts";
import type { OutputLimit } from "#lib/providers/failures/output-cap.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Repeat, WalkOptions } from "#lib/providers/walk/walk-types.ts";

/** A named engine is waited for at most this long, milliseconds. */
const MAX_WAIT_MS = 5_000;
const RETRY_PAUSE_MS = 250;

/** The next call of an engine: its key, its form and the wait before it. */
type Try = {
  keyIndex: number;
  withoutAdditions: boolean;
  outputLimit: OutputLimit | undefined;
  waitMs: number;
};

/** The calls of one engine within a walk: which key comes next, and how. */
export class EngineTries {
  readonly #engine: Engine;
  readonly #options: WalkOptions;
  /** Indexes of the keys that have not been tried yet, in order. */
  readonly #keys: number[];
  /** The one retry of a named engine has been used. */
  #isRetried = false;
  /** It was repeated under a limit of its output. */
  #isLimited = false;
  #outputLimit: OutputLimit | undefined;
  /** Undefined when there is nothing left to try. */
  next: Try | undefined;
  /** The engine has been called. */
  isCalled = false;

  constructor(engine: Engine, options: WalkOptions) {
    this.#engine = engine;
    this.#options = options;
    const count = engine.keys.length;
    this.#keys = engine.keys.map((_, index) => (options.keySeed + index) % count);
    this.#outputLimit = options.health.outputLimitOf(engine);
    this.takeNextKey();
  }

  takeNextKey(): void {
    const keyIndex = this.#keys.shift();
    const outputLimit = this.#outputLimit;
    this.next =
      keyIndex === undefined ? undefined : { keyIndex, withoutAdditions: false, outputLimit, waitMs: 0 };
  }

  /** The same key once more with what was refused changed. False if that has been tried. */
  repeat(repeat: Repeat): boolean {
    if (this.next === undefined) return false;
    switch (repeat.kind) {
      case "without_additions":
        if (this.next.withoutAdditions) return false;
        this.next = { ...this.next, withoutAdditions: true, waitMs: 0 };
        return true;
      case "with_output_limit":
        if (this.#isLimited) return false;
        this.#isLimited = true;
        this.#outputLimit = repeat.limit;
        this.next = { ...this.next, outputLimit: repeat.limit, waitMs: 0 };
        return true;
    }
  }

  /** The engine answers: a limit without which it had refused is remembered for it. */
  answered(): void {
    const limit = this.#outputLimit;
    if (this.#isLimited && limit?.lasting === true)
      this.#options.health.learnOutputLimit(this.#engine, limit);
  }

  /** Decides what comes after a failed call, by the policy for its failure. */
  afterFailure(failure: Failure): void {
    const policy = policyOf(failure);
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
