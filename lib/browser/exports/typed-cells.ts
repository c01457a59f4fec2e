/** A number without any country's signs: no groups of digits, no leading zero, not more digits than Excel keeps. */
const NUMBER = /^[-\u2212]?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;
const MAX_DIGITS = 15;
/** What people write where they have no number. */
const NOTHING = /^(?:[-\u2010-\u2015\u2212]|n\/a)?$/i;

type Cell = string | number | null;

/**
 * The rows of a table of Markdown as they are sent to be made a spreadsheet: the cells of a column become numbers if
 * all of them are, but for those that say nothing. So `1.10` stays a version beside `1.2.3`, and `1,234`, which is one
 * number here and another there, stays text. Empty cells are null.
 */
export function typedCells(rows: readonly (readonly string[])[]): Cell[][] {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const isNumeric = Array.from({ length: width }, (_, column) => isColumnOfNumbers(rows, column));
  return rows.map((row) => row.map((cell, column) => typedCell(cell.trim(), isNumeric[column] === true)));
}

function isColumnOfNumbers(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.every((row) => {
    const cell = row[column]?.trim() ?? "";
    return NOTHING.test(cell) || isNumber(cell);
  });
}

function isNumber(cell: string): boolean {
  return NUMBER.test(cell) && cell.replace(/\D/g, "").length <= MAX_DIGITS;
}

function typedCell(cell: string, isNumeric: boolean): Cell {
  if (cell === "") return null;
  return isNumeric && isNumber(cell) ? Number(cell.replace("\u2212", "-")) : cell;
}
