import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** Clients choose some of the model names, so the number of entries is bounded. */
const MAX_ENTRIES = 2_000;
const SORT_EVERY_MS = 1_000;

/**
 * A bounded map that evicts the least recently used entry. Entries that bench an engine are evicted last:
 * otherwise a client could release an engine by naming enough models.
 *
 * The two kinds are stored separately, so that eviction needs no search. Benches that have ended are moved
 * to the others at most once a second, so an ended bench may count as active until then.
 */
export class BenchMemory<Value> {
  readonly #isOut: (value: Value, now: number) => boolean;
  // The bound is for both together; each may hold one more until an entry is evicted.
  readonly #out = new BoundedMap<string, Value>(MAX_ENTRIES + 1);
  readonly #others = new BoundedMap<string, Value>(MAX_ENTRIES + 1);
  #sortedAt = Number.NEGATIVE_INFINITY;
  #latest: string | undefined;

  constructor(isOut: (value: Value, now: number) => boolean) {
    this.#isOut = isOut;
  }

  get(key: string): Value | undefined {
    const map = this.#out.has(key) ? this.#out : this.#others;
    // The last used entry is already the most recent.
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

  /** Like `set`, but never evicts an active bench: what other instances report has lower priority. */
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
