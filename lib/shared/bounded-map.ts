/** A map of at most `maxEntries` entries. When full, it evicts the entry that was set or used longest ago. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The key of the entry that is evicted next. */
  get oldest(): Key | undefined {
    return this.#entries.keys().next().value;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** The value, without changing the order. */
  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** The value, which becomes the newest. */
  use(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#append(key, value);
    return value;
  }

  /** Sets an entry, which becomes the newest. */
  set(key: Key, value: Value): void {
    this.#append(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    const { oldest } = this;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** From the oldest to the newest. Entries may be deleted during iteration. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }

  #append(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }
}
