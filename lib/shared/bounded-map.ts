/** A map that holds no more than `maxEntries`: one more, and the entry goes that was set or used longest ago. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The key whose entry goes next. */
  get oldest(): Key | undefined {
    return this.#entries.keys().next().value;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** The value; its place in the order stays. */
  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** The value, which is the newest from now on. */
  use(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#append(key, value);
    return value;
  }

  /** Sets an entry, which is the newest from now on. */
  set(key: Key, value: Value): void {
    this.#append(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    const { oldest } = this;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** From the oldest to the newest. Entries may be deleted on the way. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }

  #append(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }
}
