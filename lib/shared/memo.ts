/**
 * `make` with its results cached by text. When the cache exceeds `maxEntries`, it is cleared: clients choose
 * some of the texts, and clearing is cheaper than keeping an order on every call.
 */
export function memoized<Value>(make: (text: string) => Value, maxEntries: number): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = make(text);
    if (known.size >= maxEntries) known.clear();
    known.set(text, value);
    return value;
  };
}
