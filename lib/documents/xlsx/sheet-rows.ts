import { markdownLink } from "#lib/documents/markdown-link.ts";
import { columnName } from "#lib/documents/xlsx/cell-reference.ts";
import { cellText, type WorkbookTexts } from "#lib/documents/xlsx/cell-text.ts";
import type { RawCell, RawRow, RawSheet } from "#lib/documents/xlsx/raw-sheet.ts";

/** A row of a sheet with the texts of its cells, by column. */
export type TextRow = {
  row: number;
  cells: Map<number, string>;
  /** Whether it has names of columns rather than values: text, or years behind a text. */
  isHeading: boolean;
};

export type SheetExtras = {
  /** Targets of links, by cell: `B3`. */
  links: ReadonlyMap<string, string>;
  comments: ReadonlyMap<string, string>;
};

/** Rows of merged ranges that are looked at, in all; a file can name any number of them. */
const MAX_FILLED = 20_000;
/** Longer texts stand in the first row of a merged range alone. */
const MAX_REPEATED = 200;
/** Characters that a table has around each cell. */
const CELL_MARKS = 3;

const YEAR = /^(?:19|20)\d\d$/;

/** The texts of a sheet's first rows, and how many rows of the file these are. */
export type SheetRows = { rows: TextRow[]; read: number };

/**
 * The texts of as many of a sheet's rows as have room. The text of merged cells stands in each of their rows, as
 * people read it.
 */
export function sheetRows(
  sheet: RawSheet,
  {
    workbook,
    extras,
    maxCharacters,
  }: { workbook: WorkbookTexts; extras: SheetExtras; maxCharacters: number },
): SheetRows {
  const rows: TextRow[] = [];
  let read = 0;
  let room = maxCharacters;
  for (const raw of sheet.rows) {
    const row = textRow(raw, workbook, extras);
    const fitting = row.size <= room ? row : rows.length === 0 ? shortened(row, room) : undefined;
    if (fitting === undefined) break;
    room -= row.size;
    read++;
    if (fitting.cells.size > 0) rows.push(fitting);
  }
  fillMerged(rows, sheet);
  return { rows, read };
}

/** The beginnings of the cells of a row that is too long; undefined when there is no room for them either. */
function shortened(row: SizedRow, maxCharacters: number): SizedRow | undefined {
  const room = Math.floor(maxCharacters / row.cells.size) - CELL_MARKS;
  if (room <= 0) return undefined;
  return { ...row, cells: new Map([...row.cells].map(([column, text]) => [column, text.slice(0, room)])) };
}

/** With the characters that it takes. */
type SizedRow = TextRow & { size: number };

function textRow(raw: RawRow, workbook: WorkbookTexts, extras: SheetExtras): SizedRow {
  const cells = new Map<number, string>();
  let size = 0;
  for (const [column, cell] of raw.cells) {
    const name = `${columnName(column)}${raw.row + 1}`;
    const text = cellText(cell, workbook).trim();
    const linked = markdownLink(text, extras.links.get(name) ?? "");
    const comment = extras.comments.get(name);
    if (text === "") continue;
    const whole = comment === undefined ? linked : `${linked} [Comment: ${comment}]`;
    cells.set(column, whole);
    size += whole.length + CELL_MARKS;
  }
  return { row: raw.row, cells, size, isHeading: isHeading([...raw.cells.values()]) };
}

function isHeading(cells: readonly RawCell[]): boolean {
  const [first, ...others] = cells;
  if (first === undefined || others.length === 0 || !isName(first)) return false;
  return others.every((cell) => isName(cell) || YEAR.test(cell.value));
}

function isName(cell: RawCell): boolean {
  return cell.type === "text" && cell.formula === undefined;
}

function fillMerged(rows: readonly TextRow[], sheet: RawSheet): void {
  const byNumber = new Map(rows.map((row) => [row.row, row]));
  const last = rows.at(-1)?.row ?? 0;
  let filled = 0;
  for (const { from, to } of sheet.merged) {
    const text = byNumber.get(from.row)?.cells.get(from.column);
    if (text === undefined || text.length > MAX_REPEATED) continue;
    for (let row = from.row + 1; row <= Math.min(to.row, last) && filled < MAX_FILLED; row++) {
      filled++;
      const cells = byNumber.get(row)?.cells;
      if (cells !== undefined && !cells.has(from.column)) cells.set(from.column, text);
    }
  }
}
