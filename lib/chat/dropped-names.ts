const MAX_DROPPED = 50;

/** The names that are safe in a header: clients choose some of them. */
export function droppedNames(names: readonly string[]): string[] {
  return names.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, MAX_DROPPED);
}
