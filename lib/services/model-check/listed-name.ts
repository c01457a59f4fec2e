/** How a name relates to a provider's list. */
export type Listing =
  | { kind: "listed" }
  /** Only names with a date or version behind it are listed: some providers take the short name, others do not. */
  | { kind: "perhaps_alias"; of: string }
  | { kind: "missing" };

/** What follows the name of a family in the name of one of its versions: `-20250929`, `-2024-08-06`, `-08-2024`, `-001`. */
const VERSION = /^[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{2}-\d{2}|\d{3,4})$/;
const LATEST = /[-:]latest$/;

/** Whether a provider with this list has the model. `-latest` names the newest version, listed or not. */
export function listingOf(
  model: string,
  names: ReadonlySet<string>,
  unlistedSuffix: RegExp | undefined,
): Listing {
  const plain = unlistedSuffix === undefined ? model : model.replace(unlistedSuffix, "");
  if (names.has(plain) || names.has(`${plain}:latest`)) return { kind: "listed" };
  const family = plain.replace(LATEST, "");
  const isLatest = family !== plain;
  if (isLatest && names.has(family)) return { kind: "listed" };
  const version = newest([...names].filter((name) => isVersionOf(family, name)));
  if (version === undefined) return { kind: "missing" };
  return isLatest ? { kind: "listed" } : { kind: "perhaps_alias", of: version };
}

function isVersionOf(family: string, name: string): boolean {
  return name.length > family.length && name.startsWith(family) && VERSION.test(name.slice(family.length));
}

function newest(names: readonly string[]): string | undefined {
  return [...names].sort().at(-1);
}
