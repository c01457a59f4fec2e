import { columnOf } from "#lib/documents/pdf/gutters.ts";
import type { Cell, Row } from "#lib/documents/pdf/rows.ts";
import type { Strip } from "#lib/documents/pdf/strips.ts";

type PlacedCell = Cell & { column: number; y: number; size: number };
type TableRow = { texts: string[]; column: number; lastY: number; top: number; bottom: number };

/** Lines of one cell are at most so far apart, in sizes of the font. */
const LINE_DISTANCE = 1.35;
/** A fragment is cut only at a space this near to the next column, characters. */
const MAX_CUT_ERROR = 2.5;

/**
 * The texts of a table, row by row. A cell of several lines is one text: files have all lines of a cell before those
 * of the next, so their order says what belongs together. If it does not fit the places, each line is a row.
 */
export function tableRows(rows: readonly Row[], gutters: readonly Strip[]): string[][] {
  return rowsByOrder(rows, gutters) ?? rowsByLine(rows, gutters);
}

function rowsByLine(rows: readonly Row[], gutters: readonly Strip[]): string[][] {
  return rows.map((row) => {
    const texts = emptyTexts(gutters);
    for (const cell of row.cells) addText(texts, { ...cell, column: columnOf(cell, gutters) }, gutters);
    return texts;
  });
}

/** Undefined if the rows would overlap. */
function rowsByOrder(rows: readonly Row[], gutters: readonly Strip[]): string[][] | undefined {
  const cells = rows
    .flatMap(({ cells, y, size }) =>
      cells.map((cell) => ({ ...cell, column: columnOf(cell, gutters), y, size })),
    )
    .sort((a, b) => a.first - b.first);
  const table: TableRow[] = [];
  for (const cell of cells) {
    const row = table.at(-1);
    if (row !== undefined && belongsTo(row, cell)) {
      row.top = Math.max(row.top, cell.y);
      row.bottom = Math.min(row.bottom, cell.y);
    } else {
      table.push({ texts: emptyTexts(gutters), column: 0, lastY: cell.y, top: cell.y, bottom: cell.y });
    }
    const current = table.at(-1) as TableRow;
    addText(current.texts, cell, gutters);
    current.column = cell.column;
    current.lastY = cell.y;
  }
  const isInOrder = table.every((row, index) => index === 0 || row.top < (table[index - 1]?.bottom ?? 0));
  return isInOrder ? table.map(({ texts }) => texts) : undefined;
}

/** Whether a cell goes on with a row: the next line of the same cell, or a cell further on the right. */
function belongsTo(row: TableRow, cell: PlacedCell): boolean {
  const near = LINE_DISTANCE * cell.size;
  if (cell.column < row.column) return false;
  if (cell.column > row.column) return cell.y > row.bottom - near;
  return cell.y <= row.lastY && row.lastY - cell.y < near;
}

function addText(texts: string[], cell: Cell & { column: number }, gutters: readonly Strip[]): void {
  const [own, next] = splitAtGutter(cell, gutters[cell.column]);
  const add = (column: number, text: string): void => {
    texts[column] = [texts[column] ?? "", text].filter((part) => part !== "").join(" ");
  };
  add(cell.column, own);
  if (next !== "") add(cell.column + 1, next);
}

function emptyTexts(gutters: readonly Strip[]): string[] {
  return Array.from({ length: gutters.length + 1 }, () => "");
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
