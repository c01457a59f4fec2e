import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** Model names come from clients too: what is remembered of them is bounded. */
const MAX_ENTRIES = 2_000;
const SORT_EVERY_MS = 1_000;

/**
 * Entries by their last use, the least recent forgotten first; but one that keeps an engine out only when
 * every other does too, or a client could free an engine by naming enough models.
 *
 * The two kinds are kept apart, so that no search is needed. That a bench is over shows when all are sorted
 * anew, at most once a second: until then it may be taken for one that lasts.
 */
export class BenchMemory<Value> {
  readonly #isOut: (value: Value, now: number) => boolean;
  // Both together are bounded: one more is there until it is known which of the two has to give way.
  readonly #out = new BoundedMap<string, Value>(MAX_ENTRIES + 1);
  readonly #others = new BoundedMap<string, Value>(MAX_ENTRIES + 1);
  #sortedAt = Number.NEGATIVE_INFINITY;
  #latest: string | undefined;

  constructor(isOut: (value: Value, now: number) => boolean) {
    this.#isOut = isOut;
  }

  get(key: string): Value | undefined {
    const map = this.#out.has(key) ? this.#out : this.#others;
    // The last one used is the most recent already.
    if (key === this.#latest) return map.get(key);
    const value = map.use(key);
    if (value !== undefined) this.#latest = key;
    return value;
  }

  /** Must be called again whenever a value changes. */
  set(key: string, value: Value, now: number): void {
    this.delete(key);
    this.#insert(key, value, now);
    if (this.#out.size + this.#others.size <= MAX_ENTRIES) return;
    if (this.#others.size === 0) this.#sort(now);
    const oldest = this.#others.oldest ?? this.#out.oldest;
    if (oldest !== undefined) this.delete(oldest);
  }

  /** As `set`, but nothing that keeps an engine out is forgotten for it: what others say comes second. */
  setIfRoom(key: string, value: Value, now: number): void {
    if (!this.#out.has(key) && this.#out.size >= MAX_ENTRIES) {
      this.#sort(now);
      if (this.#out.size >= MAX_ENTRIES) return;
    }
    this.set(key, value, now);
  }

  delete(key: string): void {
    this.#out.delete(key);
    this.#others.delete(key);
  }

  *entries(): Generator<[string, Value]> {
    yield* this.#out;
    yield* this.#others;
  }

  #insert(key: string, value: Value, now: number): void {
    (this.#isOut(value, now) ? this.#out : this.#others).set(key, value);
    this.#latest = key;
  }

  #sort(now: number): void {
    if (now - this.#sortedAt < SORT_EVERY_MS) return;
    this.#sortedAt = now;
    this.#latest = undefined;
    for (const [key, value] of this.#out) {
      if (this.#isOut(value, now)) continue;
      this.#out.delete(key);
      this.#others.set(key, value);
    }
  }
}
