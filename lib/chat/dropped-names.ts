const MAX_DROPPED = 50;
/** Of all names together, characters. */
const MAX_LENGTH = 2_000;

/**
 * The names that are safe in a header: clients choose some of them. A list is not named where its lost entries
 * are (`tools` beside `tools.3 (web_search)`).
 */
export function droppedNames(names: readonly string[]): string[] {
  const listed = new Set(names.flatMap((name) => /^(\w+)(?:\.\d| \()/.exec(name)?.[1] ?? []));
  const safe: string[] = [];
  let length = 0;
  for (const name of new Set(names)) {
    if (listed.has(name) || !/^[\w.-]{1,64}(?: \([\w.-]{1,64}\))?$/.test(name)) continue;
    length += name.length + 2;
    if (safe.length === MAX_DROPPED || length > MAX_LENGTH) break;
    safe.push(name);
  }
  return safe;
}
