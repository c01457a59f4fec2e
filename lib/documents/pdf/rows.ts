import { type Fragment, isUnspaced } from "#lib/documents/pdf/fragment.ts";
import { withScripts } from "#lib/documents/pdf/scripts.ts";

/** Fragments of one line that stand so close that they are read as one. */
export type Cell = {
  text: string;
  left: number;
  right: number;
  /** The places of its first and last fragment in the file's order. */
  first: number;
  last: number;
  isRightToLeft: boolean;
};

/** Cells with one baseline, in the order in which they are read. */
export type Row = {
  cells: Cell[];
  fragments: Fragment[];
  /** Of the baseline. */
  y: number;
  /** The size of the font of most of its text, points. */
  size: number;
  left: number;
  right: number;
};

/** Baselines this far apart are the same line, in sizes of the smaller font: a raised or lowered number. */
const SAME_LINE = 0.5;
/** Gaps in sizes of the font: PDF.js itself begins a new fragment after 0.6. */
const CELL_GAP = 0.6;
const WORD_GAP = 0.13;
const UNSPACED_GAP = 0.5;
/** Dots that lead the eye from a title to its page. */
const LEADERS = /(?:[.·] ?){6,}/g;
/** A text that reaches so far into the next one was meant to end there: a cell of a sheet that is too narrow. */
const CUT_OFF = 0.2;
const MIN_CUT_OFF_LENGTH = 4;
/** The same text, printed twice with a shift to look bold. */
const OVERPRINT = 0.15;

/** Fragments as rows, from the top. */
export function rowsOf(fragments: readonly Fragment[]): Row[] {
  const rows: Fragment[][] = [];
  let base: Fragment | undefined;
  for (const fragment of fragments.toSorted((a, b) => b.y - a.y)) {
    const row = rows.at(-1);
    const isSame =
      base !== undefined && base.y - fragment.y <= SAME_LINE * Math.min(base.size, fragment.size);
    if (row !== undefined && isSame) {
      row.push(fragment);
    } else {
      rows.push([fragment]);
      base = fragment;
    }
  }
  return withScripts(rows).map(rowOf);
}

function rowOf(unsorted: Fragment[]): Row {
  const fragments = endedInTime(
    withoutOverprints(unsorted.toSorted((a, b) => a.left - b.left || a.order - b.order)),
  );
  const groups: (typeof fragments)[] = [];
  let right = 0;
  for (const fragment of fragments) {
    const group = groups.at(-1);
    const isNear = fragment.left - right <= CELL_GAP * fragment.size && group?.at(-1)?.isCutOff !== true;
    if (group !== undefined && isNear) group.push(fragment);
    else groups.push([fragment]);
    right = Math.max(fragment.right, group === undefined ? fragment.right : right);
  }
  const cells = groups.map(cellOf);
  const isRightToLeft = lengthOf(cells.filter((cell) => cell.isRightToLeft)) > lengthOf(cells) / 2;
  const main = fragments.reduce((most, one) => (one.text.length > most.text.length ? one : most));
  return {
    cells: isRightToLeft ? cells.toReversed() : cells,
    fragments,
    y: main.y,
    size: main.size,
    left: Math.min(...cells.map((cell) => cell.left)),
    right: Math.max(...cells.map((cell) => cell.right)),
  };
}

function withoutOverprints(sorted: readonly Fragment[]): Fragment[] {
  const kept: Fragment[] = [];
  for (const fragment of sorted) {
    const isTwice = kept
      .slice(-4)
      .some(
        (other) =>
          other.text === fragment.text &&
          Math.abs(other.left - fragment.left) < OVERPRINT * fragment.size &&
          Math.abs(other.y - fragment.y) < OVERPRINT * fragment.size,
      );
    if (!isTwice) kept.push(fragment);
  }
  return kept;
}

/** Texts that would lie on the next one end before it, as they do where they are seen. */
function endedInTime(sorted: readonly Fragment[]): (Fragment & { isCutOff?: boolean })[] {
  return sorted.map((fragment, index) => {
    const next = sorted[index + 1];
    if (next === undefined || fragment.text.length < MIN_CUT_OFF_LENGTH || next.isRightToLeft)
      return fragment;
    const isCutOff =
      fragment.right - next.left > CUT_OFF * fragment.size &&
      next.left - fragment.left > fragment.size &&
      next.right > fragment.right;
    return isCutOff ? { ...fragment, right: next.left - 2 * WORD_GAP * fragment.size, isCutOff } : fragment;
  });
}

function cellOf(fragments: readonly Fragment[]): Cell {
  const isRightToLeft = lengthOf(fragments.filter((one) => one.isRightToLeft)) > lengthOf(fragments) / 2;
  const inOrder = isRightToLeft ? fragments.toReversed() : fragments;
  let text = "";
  let before: Fragment | undefined;
  for (const fragment of inOrder) {
    text += before !== undefined && isApart(before, fragment) ? ` ${fragment.text}` : fragment.text;
    before = fragment;
  }
  const orders = fragments.map(({ order }) => order);
  return {
    text: text.replace(/\s+/g, " ").replace(LEADERS, "… ").trim(),
    left: Math.min(...fragments.map(({ left }) => left)),
    right: Math.max(...fragments.map(({ right }) => right)),
    first: Math.min(...orders),
    last: Math.max(...orders),
    isRightToLeft,
  };
}

/** Whether there is a space between two fragments of a line. */
function isApart(one: Fragment, other: Fragment): boolean {
  const gap = Math.max(other.left - one.right, one.left - other.right);
  const isWithout = isUnspaced(one.text.at(-1)) && isUnspaced(other.text[0]);
  return gap > (isWithout ? UNSPACED_GAP : WORD_GAP) * Math.min(one.size, other.size);
}

function lengthOf(texts: readonly { text: string }[]): number {
  return texts.reduce((sum, { text }) => sum + text.length, 0);
}
