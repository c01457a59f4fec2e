import { type WriteOptions, writeXlsx } from "hucre/xlsx";
import type { SheetTable } from "#lib/export/xlsx/sheet.ts";
import { sheetLayout } from "#lib/export/xlsx/sheet-layout.ts";
import { sheetNames } from "#lib/export/xlsx/sheet-names.ts";

/**
 * Tables as the bytes of an Excel workbook, one sheet each; at least one. To be run in a worker: a table of the largest
 * size takes a third of a second.
 */
export async function writeWorkbook(tables: readonly SheetTable[]): Promise<Uint8Array> {
  const names = sheetNames(tables.map(({ name }) => name));
  const sheets = tables.map((table, index) => sheetLayout(table, names[index] ?? table.name));
  return writeXlsx({ sheets, namedRanges: names.map(printedTitles) });
}

/** The header is printed on every page. */
function printedTitles(name: string): NonNullable<WriteOptions["namedRanges"]>[number] {
  return { name: "_xlnm.Print_Titles", range: `'${name.replaceAll("'", "''")}'!$1:$1`, scope: name };
}
