import { editDistance } from "#lib/shared/edit-distance.ts";

const MAX_NEAR = 3;
/** A name is near if no more than this share of it differs. */
const MAX_SHARE = 0.3;
/** Longer names are compared with none. */
const MAX_LENGTH = 300;

/** The known names that somebody may have meant, the nearest first: those that begin alike, and those with typos. */
export function nearNames(wanted: string, known: Iterable<string>): string[] {
  if (wanted.length > MAX_LENGTH) return [];
  const name = wanted.toLowerCase();
  const max = Math.max(2, Math.floor(name.length * MAX_SHARE));
  const near: { one: string; distance: number }[] = [];
  for (const one of new Set(known)) {
    const other = one.toLowerCase();
    const isPart = name.length > 2 && (other.includes(name) || name.includes(other));
    const distance = isPart ? 0 : editDistance(name, other, max);
    if (distance <= max) near.push({ one, distance });
  }
  return near
    .sort((first, second) => first.distance - second.distance)
    .slice(0, MAX_NEAR)
    .map(({ one }) => one);
}
