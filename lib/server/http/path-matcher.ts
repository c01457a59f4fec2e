import type { ApiPath } from "#lib/server/http/declaration.ts";

/**
 * Finds the value of a path. As in Next, a plain path wins over `[id]`, and `[id]` over `[...rest]`; a
 * trailing slash is ignored.
 *
 * @param entries in any order; the last of two for the same path wins.
 */
export function pathMatcher<Value>(
  entries: readonly (readonly [ApiPath, Value])[],
): (pathname: string) => Value | undefined {
  const plain = new Map<string, Value>(entries.filter(([path]) => !path.includes("[")));
  const open = entries
    .filter(([path]) => path.includes("["))
    .map(([path, value]) => ({ segments: path.split("/"), value }))
    .sort((a, b) => Number(isCatchAll(a.segments)) - Number(isCatchAll(b.segments)));
  return (pathname) => {
    const path = pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
    const exact = plain.get(path);
    if (exact !== undefined) return exact;
    const segments = path.split("/");
    return open.find((candidate) => matches(candidate.segments, segments))?.value;
  };
}

function isCatchAll(pattern: readonly string[]): boolean {
  return pattern.at(-1)?.startsWith("[...") === true;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (isCatchAll(pattern) ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((segment, index) => {
    const actual = path[index] ?? "";
    return segment.startsWith("[") ? actual !== "" : actual === segment;
  });
}
