import type { DocumentSection } from "#lib/documents/document.ts";
import { columnName } from "#lib/documents/xlsx/cell-reference.ts";
import type { WorkbookTexts } from "#lib/documents/xlsx/cell-text.ts";
import type { RawSheet } from "#lib/documents/xlsx/raw-sheet.ts";
import { sheetBlocks } from "#lib/documents/xlsx/sheet-blocks.ts";
import { type SheetExtras, sheetRows } from "#lib/documents/xlsx/sheet-rows.ts";
import type { SheetEntry } from "#lib/documents/xlsx/workbook.ts";

/** Ranges of hidden rows that are named. */
const MAX_RANGES = 20;

export type SheetText = {
  /** Undefined when there is no text. */
  section: DocumentSection | undefined;
  /** What of the sheet is not in it. */
  notes: readonly string[];
};

/** A sheet as Markdown. */
export function sheetSection(
  entry: SheetEntry,
  sheet: RawSheet,
  options: { workbook: WorkbookTexts; extras: SheetExtras; maxCharacters: number },
): SheetText {
  const { rows, read } = sheetRows(sheet, options);
  const comments = otherComments(sheet, options.extras);
  const notes = missing(entry.name, sheet, read);
  if (rows.length === 0 && comments.length === 0) return { section: undefined, notes };
  const label = `Sheet "${entry.name}"${entry.isHidden ? " (hidden)" : ""}`;
  const text = [...hiddenParts(sheet), ...sheetBlocks(rows), ...comments].join("\n\n");
  return { section: { label, text }, notes };
}

function missing(name: string, sheet: RawSheet, shown: number): string[] {
  if (shown === 0 && sheet.rowCount > 0)
    return [`Sheet "${name}" was not read, because what is before it is too long.`];
  const notes: string[] = [];
  if (sheet.rowCount > shown || sheet.isCountOpen) {
    const total = `${sheet.isCountOpen ? "more than " : ""}${count(sheet.rowCount)}`;
    notes.push(`Only the first ${count(shown)} of ${total} rows of sheet "${name}" were read.`);
  }
  if (sheet.columnCount > sheet.keptColumns) {
    const total = count(sheet.columnCount);
    notes.push(
      `Only the first ${count(sheet.keptColumns)} of ${total} columns of sheet "${name}" were read.`,
    );
  }
  return notes;
}

function hiddenParts({ rows, hiddenColumns }: RawSheet): string[] {
  const hiddenRows = rows.filter(({ isHidden }) => isHidden).map(({ row }) => row);
  const used = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].toSorted(
    (one, other) => one - other,
  );
  const columns = used.filter((column) =>
    hiddenColumns.some(([first, last]) => column >= first && column <= last),
  );
  const parts = [
    ...(hiddenRows.length > 0
      ? [`${hiddenRows.length === 1 ? "row" : "rows"} ${ranges(hiddenRows, (row) => String(row + 1))}`]
      : []),
    ...(columns.length > 0
      ? [`${columns.length === 1 ? "column" : "columns"} ${ranges(columns, columnName)}`]
      : []),
  ];
  return parts.length === 0 ? [] : [`(Hidden in Excel: ${parts.join("; ")}.)`];
}

function ranges(numbers: readonly number[], name: (number: number) => string): string {
  const found: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = found.at(-1);
    if (range !== undefined && range.last === number - 1) range.last = number;
    else found.push({ first: number, last: number });
  }
  const named = found.slice(0, MAX_RANGES).map(({ first, last }) => {
    return first === last ? name(first) : `${name(first)}–${name(last)}`;
  });
  return [...named, ...(found.length > MAX_RANGES ? ["and more"] : [])].join(", ");
}

/** Comments on cells without content. */
function otherComments({ rows }: RawSheet, { comments }: SheetExtras): string[] {
  const withContent = new Set(
    rows.flatMap(({ row, cells }) => [...cells.keys()].map((column) => `${columnName(column)}${row + 1}`)),
  );
  return [...comments]
    .filter(([cell]) => !withContent.has(cell))
    .map(([cell, text]) => `Comment on ${cell}: ${text}`);
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
