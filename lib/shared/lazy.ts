/** A value that is made when it is first asked for, and then kept. */
export type Lazy<Value> = {
  /** The value. Throws what making it throws; a failure is not kept, so that the next use tries anew. */
  readonly value: Value;
  /** The value if it has been made; asking makes nothing. */
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

/** The same for what is made asynchronously: all who ask meanwhile wait for one making. */
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
