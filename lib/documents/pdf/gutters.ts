import { isClearListMarker } from "#lib/documents/pdf/list-marker.ts";
import type { Row } from "#lib/documents/pdf/rows.ts";
import { commonStrips, countBefore, freeStrips, type Strip } from "#lib/documents/pdf/strips.ts";

/** Rows below each other that leave the same strips free: columns of text, or a table. */
export type Grid = { rows: Row[]; gutters: Strip[] };

/**
 * The least width of a gutter, in sizes of the font: titles on the left of a column and numbers on its right may
 * leave little, but each row by itself leaves more.
 */
const MIN_GUTTER = 0.12;
/** Rows further apart do not belong together, in sizes of the font. */
const MAX_ROW_DISTANCE = 4.5;
const MAX_LINE_DISTANCE = 1.6;
/** Rows this close to each other are lines of different columns, whose baselines differ. */
const CLOSER_THAN_LINES = 0.9;
/** A page with more columns is a drawing. */
const MAX_COLUMNS = 60;

/** The rows of a page as grids and, between them, single rows. */
export function findGrids(rows: readonly Row[]): (Grid | Row)[] {
  const found: (Grid | Row)[] = [];
  for (let start = 0; start < rows.length; ) {
    const grid = gridAt(rows, start);
    const row = rows[start];
    if (grid !== undefined) found.push(grid);
    else if (row !== undefined) found.push(row);
    start += grid?.rows.length ?? 1;
  }
  return found;
}

/** The longest grid that begins with a row; undefined if none does. */
function gridAt(rows: readonly Row[], start: number): Grid | undefined {
  const first = rows[start];
  if (first === undefined || !beginsGrid(first, rows[start + 1])) return undefined;
  const taken = [first];
  let free = freeStrips(first.cells);
  let extent: Strip = first;
  for (let index = start + 1; index < rows.length; index += 1) {
    const [above, row] = [rows[index - 1] as Row, rows[index] as Row];
    if (isApart(above, row)) break;
    const wider = { left: Math.min(extent.left, row.left), right: Math.max(extent.right, row.right) };
    const common = commonStrips(free, freeStrips(row.cells), MIN_GUTTER * row.size);
    const [before, after] = [inside(free, extent).length, inside(common, wider).length];
    if (after === 0) break;
    // A cell that spans columns leaves fewer of them; the others keep theirs.
    const isSpanning = after < before && row.cells.length <= before && taken.length + row.cells.length > 2;
    if (isSpanning && row.cells.length === 1) break;
    taken.push(row);
    extent = wider;
    if (!isSpanning) free = common;
  }
  const gutters = withoutStrays(inside(free, extent), taken);
  return gutters.length > 0 && gutters.length < MAX_COLUMNS && taken.length > 1
    ? { rows: taken, gutters }
    : undefined;
}

function beginsGrid(row: Row, next: Row | undefined): boolean {
  if (row.cells.length > 1) return !isListEntry(row);
  if (next === undefined || row.y - next.y >= CLOSER_THAN_LINES * Math.min(row.size, next.size)) return false;
  return row.right < next.left || next.right < row.left;
}

function isApart(above: Row, row: Row): boolean {
  const distance = (above.y - row.y) / Math.max(above.size, row.size);
  return distance > MAX_ROW_DISTANCE || (distance > MAX_LINE_DISTANCE && isListEntry(row));
}

/** A bullet or a number, and its text. */
function isListEntry({ cells: [first, second, third] }: Row): boolean {
  return first !== undefined && second !== undefined && third === undefined && isClearListMarker(first.text);
}

/** The strips that have text on both sides. */
function inside(strips: readonly Strip[], extent: Strip): Strip[] {
  return strips.filter(({ left, right }) => left >= extent.left && right <= extent.right);
}

/**
 * Without the gutters of columns that have one cell and, in no row, a neighbour on one side: such a cell is a title
 * that stands in the middle of its column, or a number on the right.
 */
function withoutStrays(gutters: readonly Strip[], rows: readonly Row[]): Strip[] {
  if (gutters.length >= MAX_COLUMNS || rows.length < 3) return [...gutters];
  const columns: Set<number>[] = Array.from({ length: gutters.length + 1 }, () => new Set());
  for (const [number, { cells }] of rows.entries()) {
    for (const cell of cells) columns[columnOf(cell, gutters)]?.add(number);
  }
  return gutters.filter((_, index) => {
    const [before, after] = [columns[index] as Set<number>, columns[index + 1] as Set<number>];
    const isShared = [...before].some((row) => after.has(row));
    const isStray = Math.min(before.size, after.size) === 1 && !isShared;
    if (isStray) for (const row of before) after.add(row);
    return !isStray;
  });
}

/** The column in which something begins. */
export function columnOf({ left }: Pick<Strip, "left">, gutters: readonly Strip[]): number {
  return countBefore(gutters, left);
}
