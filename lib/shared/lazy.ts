/** A value that is created on first use and then kept. */
export type Lazy<Value> = {
  /** The value. Throws what its creation throws; a failure is not kept, so the next use tries again. */
  readonly value: Value;
  /** The value if it has been created; does not create it. */
  readonly made: Value | undefined;
};

export function lazy<Value>(make: () => Value): Lazy<Value> {
  let made: { value: Value } | undefined;
  return {
    get value() {
      made ??= { value: make() };
      return made.value;
    },
    get made() {
      return made?.value;
    },
  };
}

/**
 * A value that is made from another one on first use, and made again once that is another. Whoever has read the
 * value keeps the one that it has read.
 */
export function derived<Source, Value>(source: () => Source, make: (source: Source) => Value): Lazy<Value> {
  let made: { from: Source; value: Value } | undefined;
  return {
    get value() {
      const from = source();
      if (made === undefined || made.from !== from) made = { from, value: make(from) };
      return made.value;
    },
    get made() {
      return made?.value;
    },
  };
}

/** A lazy asynchronous value; concurrent callers share one creation. */
export function lazyAsync<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let current: Promise<Value> | undefined;
  return () => {
    current ??= make().catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  };
}
