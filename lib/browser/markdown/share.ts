/**
 * `next`, with every part that equals the same part of `before` replaced by it, so that what did not change
 * stays the same object and a page need not draw it again. Both are data: objects, arrays, plain values.
 */
export function shareEqual<T>(before: unknown, next: T): T {
  if (Object.is(before, next)) return next;
  if (Array.isArray(next)) return shareArray(before, next) as T;
  if (!isRecord(next) || !isRecord(before)) return next;
  const names = Object.keys(next);
  const shared: Record<string, unknown> = {};
  for (const name of names) shared[name] = shareEqual(before[name], next[name]);
  const isSame =
    names.length === Object.keys(before).length &&
    names.every((name) => Object.is(shared[name], before[name]));
  return (isSame ? before : shared) as T;
}

function shareArray(before: unknown, next: readonly unknown[]): readonly unknown[] {
  if (!Array.isArray(before)) return next;
  const shared = next.map((item, index) => shareEqual(before[index], item));
  const isSame =
    shared.length === before.length && shared.every((item, index) => Object.is(item, before[index]));
  return isSame ? before : shared;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
