import { type CellInput, EXCEL_LIMITS, type SheetTable } from "#lib/export/xlsx/sheet.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { field } from "#lib/shared/json.ts";

/** Cells of one workbook. */
const MAX_CELLS = 50_000;

/** Reads the sheets of one workbook from JSON, together within `MAX_CELLS`. Throws `invalid_request`. */
export class SheetReader {
  #cells = 0;
  #rows = 0;

  /** @param path where the sheet stands in the body, with a dot at its end unless it is empty. */
  read(sheet: unknown, path: string): SheetTable {
    const headers = this.#rowAt(field(sheet, "headers"), `${path}headers`);
    const lists = listAt(field(sheet, "rows"), `${path}rows`);
    this.#rows = bounded(this.#rows + lists.length, "rows");
    const rows = lists.map((row, index) => this.#rowAt(row, `${path}rows.${index}`));
    return {
      name: nameAt(field(sheet, "name"), `${path}name`),
      headers: headers.map((cell, column) => headerAt(cell, `${path}headers.${column}`)),
      rows: rows.map((row, index) =>
        row.map((cell, column) => cellAt(cell, `${path}rows.${index}.${column}`)),
      ),
    };
  }

  #rowAt(value: unknown, path: string): readonly unknown[] {
    const row = listAt(value, path);
    if (row.length > EXCEL_LIMITS.columns) {
      throw wrong(path, `has ${row.length} cells; Excel has ${EXCEL_LIMITS.columns} columns`);
    }
    this.#cells = bounded(this.#cells + row.length, "cells");
    return row;
  }
}

/** A count as long as it is not too high. Rows are bounded as well: millions of them may have no cells. */
function bounded(count: number, what: "cells" | "rows"): number {
  if (count <= MAX_CELLS) return count;
  throw new GatewayError(
    "invalid_request",
    `A workbook may have ${MAX_CELLS} ${what} at most, with its headers. Send fewer rows.`,
  );
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(path, value === undefined ? "is required" : "must be a list");
}

function nameAt(value: unknown, path: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw wrong(path, "must be text");
}

/** Headers are text, but a number or an empty place among them is no reason to refuse a table. */
function headerAt(value: unknown, path: string): string {
  const cell = cellAt(value, path);
  return cell === null ? "" : String(cell);
}

function cellAt(value: unknown, path: string): CellInput {
  switch (typeof value) {
    case "number":
    case "boolean":
      return value;
    case "string":
      if (value.length <= EXCEL_LIMITS.text) return value;
      throw wrong(path, `has ${value.length} characters; a cell of Excel holds ${EXCEL_LIMITS.text}`);
    default:
      if (value === null) return null;
      throw wrong(path, "must be text, a number, true, false or null");
  }
}

function wrong(path: string, problem: string): GatewayError {
  return new GatewayError("invalid_request", `"${path}": ${problem}.`);
}
