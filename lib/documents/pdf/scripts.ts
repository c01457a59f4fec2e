import type { Fragment } from "#lib/documents/pdf/fragment.ts";
import { superscript } from "#lib/documents/superscript.ts";

/** What is raised or lowered is smaller than its line, but not as much as text beside an initial letter. */
const LEAST_SIZE = 0.4;
const GREATEST_SIZE = 0.86;
/** How far it is raised and lowered, in sizes of the line's font. */
const LEAST_RISE = 0.15;
const MOST_RISE = 0.65;
const MOST_FALL = 0.55;
/** Between it and what it follows, or, of a note's number, what follows it. */
const GAP_AFTER = 0.25;
const GAP_BEFORE = 0.4;
const MAX_LENGTH = 12;
/** Lines of other columns may lie between a raised number and its own line. */
const MAX_ROWS_AWAY = 3;

/** Rows of fragments, from the top: exponents, indices and numbers of notes move to the line that they stand at. */
export function withScripts(rows: readonly Fragment[][]): Fragment[][] {
  const sorted = rows.map((row) => row.toSorted((a, b) => a.left - b.left));
  const moved: Fragment[][] = rows.map(() => []);
  for (const [index, row] of rows.entries()) {
    for (const fragment of row) {
      const found = fragment.text.length > MAX_LENGTH ? undefined : lineOf(fragment, index, sorted);
      moved[found?.index ?? index]?.push(found === undefined ? fragment : placed(fragment, found.base));
    }
  }
  return moved.filter((row) => row.length > 0);
}

/** On the baseline of its line. */
function placed(fragment: Fragment, base: Fragment): Fragment {
  const isRaised = fragment.y > base.y + LEAST_RISE * base.size;
  return { ...fragment, y: base.y, text: isRaised ? superscript(fragment.text) : fragment.text };
}

function lineOf(
  fragment: Fragment,
  index: number,
  rows: readonly (readonly Fragment[])[],
): { index: number; base: Fragment } | undefined {
  for (let away = 0; away <= MAX_ROWS_AWAY; away += 1) {
    for (const at of away === 0 ? [index] : [index + away, index - away]) {
      const row = rows[at] ?? [];
      const next = firstBehind(row, fragment.left);
      const base = [row[next - 1], row[next - 2], row[next]].find((one) => isBase(one, fragment));
      if (base !== undefined) return { index: at, base };
    }
  }
  return undefined;
}

function isBase(base: Fragment | undefined, { size, y, left, right }: Fragment): base is Fragment {
  if (base === undefined || size < LEAST_SIZE * base.size || size > GREATEST_SIZE * base.size) return false;
  const rise = (y - base.y) / base.size;
  if (Math.abs(rise) < 0.05 || rise > MOST_RISE || rise < -MOST_FALL) return false;
  const after = left - base.right;
  const before = base.left - right;
  return (
    Math.abs(after) <= GAP_AFTER * base.size ||
    (before >= -0.1 * base.size && before <= GAP_BEFORE * base.size)
  );
}

/** The place of the first that begins further on the right. */
function firstBehind(sorted: readonly Fragment[], left: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Fragment).left <= left) low = middle + 1;
    else high = middle;
  }
  return low;
}
