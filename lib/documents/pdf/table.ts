import { columnOf, type Grid } from "#lib/documents/pdf/gutters.ts";
import { isListMarker } from "#lib/documents/pdf/list-marker.ts";
import type { Row } from "#lib/documents/pdf/rows.ts";
import { tableRows } from "#lib/documents/pdf/table-rows.ts";

/** What a grid is: the cells of a table, or columns to be read one after the other, or just lines. */
export type GridReading =
  /** `rest` are rows below the table. */
  { kind: "table"; cells: string[][]; rest: Row[] } | { kind: "columns" } | { kind: "lines" };

/** Columns whose lines have about so many characters are prose. */
const PROSE = 25;
const MIN_PROSE_ROWS = 5;
/** How far apart the columns of a table are at least, if there are two, and if two rows are enough: in sizes. */
const MIN_GUTTER_OF_TWO = 1;
const MIN_GUTTER_OF_TWO_ROWS = 0.5;
/** A row below a table that is as near as the next line may belong to it. */
const LINE_DISTANCE = 1.35;

/**
 * Tells tables from columns by the order in which the file has its text: tables are written row by row, columns
 * one after the other. Where neither is plain, the rows remain lines.
 */
export function readGrid(grid: Grid): GridReading {
  if (isColumns(grid)) return { kind: "columns" };
  const { rows, gutters } = grid;
  if (!rows.some((row) => row.cells.length > 1)) return { kind: "lines" };
  const own = withoutTail(rows);
  const cells = tableRows(own, gutters);
  return isTable(cells, { rows: own, gutters })
    ? { kind: "table", cells, rest: rows.slice(own.length) }
    : { kind: "lines" };
}

function isColumns({ rows, gutters }: Grid): boolean {
  const columns = gutters.length + 1;
  const cells = rows
    .flatMap((row) => row.cells)
    .map((cell) => ({ ...cell, column: columnOf(cell, gutters) }))
    .sort((a, b) => a.first - b.first);
  const changes = cells.filter((cell, index) => cell.column !== cells[index - 1]?.column).length - 1;
  if (changes <= columns - 1 && rows.length > 2) return true;
  const lengths = Array.from({ length: columns }, (_, column) =>
    median(cells.filter((cell) => cell.column === column).map(({ text }) => text.length)),
  );
  // Some programs write a page line by line.
  const isByLine = changes >= rows.length;
  return isByLine && rows.length >= MIN_PROSE_ROWS && lengths.every((length) => length >= PROSE);
}

/** Without the single cells at the end that stand apart: they are text below the table. */
function withoutTail(rows: readonly Row[]): Row[] {
  let end = rows.findLastIndex((row) => row.cells.length > 1) + 1;
  while (end < rows.length) {
    const [above, row] = [rows[end - 1] as Row, rows[end] as Row];
    if (above.y - row.y >= LINE_DISTANCE * row.size) break;
    end += 1;
  }
  return rows.slice(0, end);
}

function isTable(cells: readonly (readonly string[])[], { rows, gutters }: Grid): boolean {
  const size = median(rows.map((row) => row.size));
  const narrowest = Math.min(...gutters.map(({ left, right }) => right - left)) / size;
  const full = cells.filter((texts) => texts.filter((text) => text !== "").length > 1).length;
  const isSure = gutters.length > 1 && narrowest >= MIN_GUTTER_OF_TWO_ROWS;
  if (full < (isSure ? 2 : 3) || full < cells.length / 2) return false;
  if (gutters.length > 1) return true;
  const firsts = cells.map(([first = ""]) => first).filter((text) => text !== "");
  // A list, or labels with their values, reads better as lines.
  const areLabels = firsts.filter((text) => text.endsWith(":")).length > firsts.length / 2;
  return narrowest >= MIN_GUTTER_OF_TWO && !areLabels && !firsts.every(isListMarker);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
