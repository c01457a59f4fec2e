import { formatNumber } from "#lib/documents/xlsx/format-number.ts";
import type { RawCell } from "#lib/documents/xlsx/raw-sheet.ts";

/** What is needed to show the cells of a workbook. */
export type WorkbookTexts = {
  shared: ReadonlyMap<number, string>;
  /** Format codes by style. */
  formats: readonly string[];
  is1904: boolean;
};

/** `2026-03-01T00:00:00`, as cells of strict files have dates. */
const MIDNIGHT = /T00:00(?::00(?:\.0+)?)?Z?$/;

/** The text of a cell, as Excel shows it. */
export function cellText(cell: RawCell, workbook: WorkbookTexts): string {
  if (cell.formula !== undefined) {
    return cell.formula === ""
      ? "[formula without a result]"
      : `[formula without a result: =${cell.formula}]`;
  }
  if (cell.shared !== undefined) return workbook.shared.get(cell.shared) ?? "";
  switch (cell.type) {
    case "text":
    case "error":
      return cell.value;
    case "boolean":
      return cell.value === "1" || cell.value === "true" ? "TRUE" : "FALSE";
    case "date":
      return cell.value.replace(MIDNIGHT, "").replace("T", " ");
    case "number":
      return formatNumber(cell.value, workbook.formats[cell.style] ?? "", workbook.is1904);
  }
}
