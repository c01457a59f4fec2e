import { columnOf } from "#lib/documents/pdf/gutters.ts";
import type { Cell, Row } from "#lib/documents/pdf/rows.ts";
import type { Strip } from "#lib/documents/pdf/strips.ts";

/** `line` and `place`: which cell of which row of the page it is. */
type PlacedCell = Cell & { column: number; line: number; place: number; y: number; size: number };
type TableRow = { cells: PlacedCell[]; column: number; lastY: number; top: number; bottom: number };

/** Lines of one cell are at most so far apart, in sizes of the font. */
const LINE_DISTANCE = 1.35;
/** A fragment is cut only at a space this near to the next column, characters. */
const MAX_CUT_ERROR = 2.5;

/**
 * The texts of a table, row by row. A cell of several lines is one text: files have all lines of a cell before those
 * of the next, so their order says what belongs together. Rows that would overlap, as beside a cell that spans several
 * of them, are read line by line.
 */
export function tableRows(rows: readonly Row[], gutters: readonly Strip[]): string[][] {
  return apart(rowsByOrder(rows, gutters)).flatMap((group) =>
    group.length === 1 ? group.map(({ cells }) => textsOf(cells, gutters)) : linesOf(group, gutters),
  );
}

/** The cells of overlapping rows by their lines, from the top. */
function linesOf(group: readonly TableRow[], gutters: readonly Strip[]): string[][] {
  const lines = new Map<number, PlacedCell[]>();
  for (const cell of group.flatMap(({ cells }) => cells)) {
    const line = lines.get(cell.line);
    if (line === undefined) lines.set(cell.line, [cell]);
    else line.push(cell);
  }
  return Array.from(lines)
    .sort(([one], [other]) => one - other)
    .map(([, cells]) =>
      textsOf(
        cells.toSorted((a, b) => a.place - b.place),
        gutters,
      ),
    );
}

/** Rows as the order of the file has them. */
function rowsByOrder(rows: readonly Row[], gutters: readonly Strip[]): TableRow[] {
  const cells = rows
    .flatMap((row, line) =>
      row.cells.map((cell, place) => {
        return { ...cell, column: columnOf(cell, gutters), line, place, y: row.y, size: row.size };
      }),
    )
    .sort((a, b) => a.first - b.first);
  const table: TableRow[] = [];
  for (const cell of cells) {
    const row = table.at(-1);
    if (row !== undefined && belongsTo(row, cell)) {
      row.cells.push(cell);
      row.column = cell.column;
      row.lastY = cell.y;
      row.top = Math.max(row.top, cell.y);
      row.bottom = Math.min(row.bottom, cell.y);
    } else {
      table.push({ cells: [cell], column: cell.column, lastY: cell.y, top: cell.y, bottom: cell.y });
    }
  }
  return table;
}

/** Rows that overlap together, each of the others by itself. */
function apart(rows: readonly TableRow[]): TableRow[][] {
  const groups: { rows: TableRow[]; top: number; bottom: number }[] = [];
  for (const row of rows) {
    let group = { rows: [row], top: row.top, bottom: row.bottom };
    for (let above = groups.at(-1); above !== undefined && group.top >= above.bottom; above = groups.at(-1)) {
      groups.pop();
      group = {
        rows: joined(above.rows, group.rows),
        top: Math.max(above.top, group.top),
        bottom: Math.min(above.bottom, group.bottom),
      };
    }
    groups.push(group);
  }
  return groups.map((group) => group.rows);
}

/** Their order does not matter, so the shorter list goes into the longer: hostile tables join one list many times. */
function joined(some: TableRow[], others: TableRow[]): TableRow[] {
  const [shorter, longer] = some.length < others.length ? [some, others] : [others, some];
  for (const row of shorter) longer.push(row);
  return longer;
}

/** Whether a cell goes on with a row: the next line of the same cell, or a cell further on the right. */
function belongsTo(row: TableRow, cell: PlacedCell): boolean {
  const near = LINE_DISTANCE * cell.size;
  if (cell.column < row.column) return false;
  if (cell.column > row.column) return cell.y > row.bottom - near;
  return cell.y <= row.lastY && row.lastY - cell.y < near;
}

function textsOf(cells: readonly PlacedCell[], gutters: readonly Strip[]): string[] {
  const texts = Array.from({ length: gutters.length + 1 }, () => "");
  const add = (column: number, text: string): void => {
    texts[column] = [texts[column] ?? "", text].filter((part) => part !== "").join(" ");
  };
  for (const cell of cells) {
    const [own, next] = splitAtGutter(cell, gutters[cell.column]);
    add(cell.column, own);
    if (next !== "") add(cell.column + 1, next);
  }
  return texts;
}

/**
 * A fragment that reaches over a gutter: two cells stood so close that they came as one. It is cut at the space
 * nearest to the next column, if one is near.
 */
function splitAtGutter(cell: Cell, gutter: Strip | undefined): [own: string, next: string] {
  if (gutter === undefined || cell.left >= gutter.right || cell.right <= gutter.right) return [cell.text, ""];
  const width = (cell.right - cell.left) / cell.text.length;
  const wanted = cell.text.length - (cell.right - gutter.right) / width;
  let best = -1;
  for (let at = cell.text.indexOf(" "); at !== -1; at = cell.text.indexOf(" ", at + 1)) {
    if (best === -1 || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
  }
  if (best === -1 || Math.abs(best - wanted) > MAX_CUT_ERROR) return [cell.text, ""];
  return [cell.text.slice(0, best), cell.text.slice(best + 1)];
}
