import { type CellStyle, type CellValue, rangeRef, type WriteSheet } from "hucre/xlsx";
import {
  BODY_STYLE,
  BOOLEAN_STYLE,
  dateStyle,
  HEADER_STYLE,
  NUMBER_HEADER_STYLE,
  textStyle,
} from "#lib/export/xlsx/cell-styles.ts";
import { workbookText } from "#lib/export/xlsx/cell-text.ts";
import { type CellContent, cellContent, textContent } from "#lib/export/xlsx/cell-value.ts";
import type { SheetTable } from "#lib/export/xlsx/sheet.ts";
import { lineCount, SheetColumns } from "#lib/export/xlsx/sheet-columns.ts";

/** A row does not grow higher than this, lines. */
const MAX_LINES = 20;
const LINE_POINTS = 15;
/** Digits of a line that can still be read on a page. */
const MAX_PRINTED_WIDTH = 220;

/**
 * A sheet as the writer takes it: a styled header that stays in view and filters, columns as wide as their content,
 * and long text wrapped.
 *
 * @param name one that Excel accepts.
 */
export function sheetLayout(table: SheetTable, name: string): WriteSheet {
  const columnCount = table.rows.reduce((most, row) => Math.max(most, row.length), table.headers.length);
  const headers = Array.from({ length: columnCount }, (_, column) => table.headers[column] ?? "");
  const contents = table.rows.map((row) => row.map(cellContent));
  const columns = new SheetColumns(headers);
  for (const row of contents) row.forEach((content, column) => void columns.take(column, content));
  const sheet = new SheetCells(columns.widths);
  sheet.add(headers.map(headerContent), (_content, { column }) =>
    columns.isNumeric(column) ? NUMBER_HEADER_STYLE : HEADER_STYLE,
  );
  for (const row of contents) sheet.add(row, styleOf);
  return {
    name,
    ...sheet.parts,
    columns: columns.widths.map((width) => ({ width, style: BODY_STYLE })),
    freezePane: { rows: 1 },
    ...(columnCount === 0
      ? {}
      : { autoFilter: { range: rangeRef(0, 0, table.rows.length, columnCount - 1) } }),
    pageSetup: pageSetupOf(columns.widths),
  };
}

/** Printed as wide as a page, unless it could not be read then. */
function pageSetupOf(widths: readonly number[]): NonNullable<WriteSheet["pageSetup"]> {
  const isPrintable = widths.reduce((sum, width) => sum + width, 0) <= MAX_PRINTED_WIDTH;
  const fit = isPrintable ? { fitToPage: true, fitToWidth: 1, fitToHeight: 0 } : {};
  return { orientation: "landscape", ...fit };
}

type StyleOf = (content: CellContent, cell: { column: number; wraps: boolean }) => CellStyle;

/** The cells of a sheet, row by row. */
class SheetCells {
  readonly #widths: readonly number[];
  readonly #rows: CellValue[][] = [];
  /** What differs from a plain value in the style of its column, by `row,column`. */
  readonly #cells: NonNullable<WriteSheet["cells"]> = new Map();
  readonly #heights: NonNullable<WriteSheet["rowDefs"]> = new Map();

  constructor(widths: readonly number[]) {
    this.#widths = widths;
  }

  get parts(): Pick<WriteSheet, "rows" | "cells" | "rowDefs"> {
    return { rows: this.#rows, cells: this.#cells, rowDefs: this.#heights };
  }

  add(contents: readonly CellContent[], style: StyleOf): void {
    const row = this.#rows.length;
    let mostLines = 1;
    this.#rows.push(
      contents.map((content, column) => {
        const lines = content.kind === "text" ? lineCount(content.text, this.#widths[column] ?? 0) : 1;
        mostLines = Math.max(mostLines, lines);
        const value = writtenValue(content);
        this.#mark(`${row},${column}`, value, style(content, { column, wraps: lines > 1 }));
        return value;
      }),
    );
    // Excel would fit such a row to its text when it opens the file, other programs would not.
    if (mostLines > 1) this.#heights.set(row, { height: Math.min(mostLines, MAX_LINES) * LINE_POINTS });
  }

  #mark(key: string, value: CellValue, style: CellStyle): void {
    // The writer would make an error of the text #N/A; text with a format of its own it leaves alone.
    if (typeof value === "string" && /^#[A-Z]/.test(value)) {
      this.#cells.set(key, { style, richText: [{ text: value }] });
    } else if (style !== BODY_STYLE) {
      this.#cells.set(key, { style });
    }
  }
}

const styleOf: StyleOf = (content, { wraps }) => {
  switch (content.kind) {
    case "date":
      return dateStyle(content.format);
    case "text":
      return textStyle({ wraps, isAmbiguous: content.isAmbiguous });
    case "boolean":
      return BOOLEAN_STYLE;
    case "empty":
    case "number":
      return BODY_STYLE;
  }
};

/** Headers are text, whatever they look like. */
function headerContent(header: string): CellContent {
  return header === "" ? { kind: "empty" } : textContent(header);
}

function writtenValue(content: CellContent): CellValue {
  switch (content.kind) {
    case "empty":
      return null;
    case "date":
      return content.date;
    case "text":
      return workbookText(content.text);
    case "boolean":
    case "number":
      return content.value;
  }
}
