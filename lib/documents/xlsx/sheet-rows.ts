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

/** Cells that merged ranges may fill, in all; a file can name any number of them. */
const MAX_FILLED = 200_000;

const YEAR = /^(?:19|20)\d\d$/;

/** The texts of a sheet's rows. The text of merged cells stands in each of their rows, as people read it. */
export function sheetRows(sheet: RawSheet, workbook: WorkbookTexts, extras: SheetExtras): TextRow[] {
  const rows = sheet.rows.map((row) => textRow(row, workbook, extras));
  fillMerged(rows, sheet);
  return rows.filter((row) => row.cells.size > 0);
}

function textRow(raw: RawRow, workbook: WorkbookTexts, extras: SheetExtras): TextRow {
  const cells = new Map<number, string>();
  for (const [column, cell] of raw.cells) {
    const name = `${columnName(column)}${raw.row + 1}`;
    const text = cellText(cell, workbook).trim();
    const linked = markdownLink(text, extras.links.get(name) ?? "");
    const comment = extras.comments.get(name);
    if (text !== "") cells.set(column, comment === undefined ? linked : `${linked} [Comment: ${comment}]`);
  }
  return { row: raw.row, cells, isHeading: isHeading([...raw.cells.values()]) };
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
    if (text === undefined) continue;
    for (let row = from.row + 1; row <= Math.min(to.row, last) && filled < MAX_FILLED; row++) {
      filled++;
      const cells = byNumber.get(row)?.cells;
      if (cells !== undefined && !cells.has(from.column)) cells.set(from.column, text);
    }
  }
}
