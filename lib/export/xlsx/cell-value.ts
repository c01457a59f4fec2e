import { type CellDate, readIsoDate } from "#lib/export/xlsx/iso-date.ts";
import type { CellInput } from "#lib/export/xlsx/sheet.ts";

/** What is written into a cell. */
export type CellContent =
  | { kind: "empty" }
  | { kind: "boolean"; value: boolean }
  | { kind: "number"; value: number }
  | ({ kind: "date" } & CellDate)
  /** `isAmbiguous`: Excel would read it as something else if somebody typed it, such as a formula or a number. */
  | { kind: "text"; text: string; isAmbiguous: boolean };

/** Excel shows fifteen digits of a number and loses the others when it is edited. */
const MAX_EXACT = 10 ** 15;

/**
 * What a value becomes. Types are kept: text is never read as a number, a percentage or a formula, so that
 * `007` and `=1+1` stay as they are. The one exception are dates in ISO notation, which JSON has no type for.
 */
export function cellContent(input: CellInput): CellContent {
  if (input === null || input === "") return { kind: "empty" };
  if (typeof input === "boolean") return { kind: "boolean", value: input };
  if (typeof input === "number") return numberContent(input);
  const date = readIsoDate(input);
  return date === undefined ? textContent(input) : { kind: "date", ...date };
}

/** A whole number whose digits are all known, but too many for Excel, is kept as text: it is an id, not an amount. */
function numberContent(value: number): CellContent {
  const isLongId = Number.isSafeInteger(value) && Math.abs(value) >= MAX_EXACT;
  return Number.isFinite(value) && !isLongId ? { kind: "number", value } : textContent(String(value));
}

/**
 * Text that Excel would not take as text: formulas, numbers, amounts, dates, error values, booleans. Names of months
 * count as well: Excel makes dates of genes named `SEPT2`.
 */
const AMBIGUOUS =
  /^(?:['=+\-@\t\r\n#]|\s*[\d.,(%$€£¥₹]|(?:true|false)$|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ./-]*\d)/i;

export function textContent(text: string): CellContent {
  return { kind: "text", text, isAmbiguous: AMBIGUOUS.test(text) };
}
