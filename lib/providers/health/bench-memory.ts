/** Model names come from clients too: what is remembered of them is bounded. */
const MAX_ENTRIES = 2_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Entries by their last use, the least recent forgotten first; but one that keeps an engine out only when
 * every other does too, or a client could free an engine by naming enough models.
 *
 * The two kinds are kept apart, so that no search is needed. That a bench is over shows in a look through
 * all, at most once a second: until then it may be taken for one that lasts.
 */
export class BenchMemory<Value> {
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
    if (this.#out.size + this.#others.size <= MAX_ENTRIES) return;
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
