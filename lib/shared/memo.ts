/**
 * `make` with its results kept, for texts that recur. Of more than `most` texts all are forgotten: clients
 * choose some of them, and starting anew costs less than keeping an order at every call.
 */
export function memoized<Value>(make: (text: string) => Value, most: number): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = make(text);
    if (known.size >= most) known.clear();
    known.set(text, value);
    return value;
  };
}
