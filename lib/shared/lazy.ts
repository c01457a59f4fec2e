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

/** The same for an asynchronous value; concurrent callers share one creation. */
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
