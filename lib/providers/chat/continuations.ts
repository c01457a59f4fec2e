import type { Engine } from "#lib/providers/registry.ts";

/** Who continues an answer that broke off, over all its breaks. */
export class Continuations {
  readonly #broken = new Set<string>();
  /** The engine that goes on with its own answer: the next walk begins with it. */
  #again: Engine | undefined;
  #callsBefore = 0;
  /** How often the answer has been continued, or is about to be. */
  count = 0;

  /**
   * The engine's answer broke off and is to be continued. `mayGoOn`: by the same engine first, which is
   * allowed once; otherwise it is `spent`.
   */
  prepare(engine: Engine, mayGoOn: boolean, spent: Set<string>): void {
    this.count++;
    this.#again = mayGoOn && !this.#broken.has(engine.id) ? engine : undefined;
    if (this.#again === undefined) spent.add(engine.id);
    this.#broken.add(engine.id);
  }

  /** The engines of the next walk, in order. `calls`: the calls so far. */
  chain(engines: readonly Engine[], calls: number): readonly Engine[] {
    this.#callsBefore = calls;
    const again = this.#again;
    this.#again = undefined;
    return again === undefined ? engines : [again, ...engines.filter(({ id }) => id !== again.id)];
  }

  /** Whether an engine was asked to continue the answer, now that there were this many calls. */
  isTried(calls: number): boolean {
    return this.count > 1 || calls > this.#callsBefore;
  }
}
