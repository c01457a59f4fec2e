/** A place in a sheet, counted from 0. */
export type CellPlace = { row: number; column: number };

export type CellRange = { from: CellPlace; to: CellPlace };

const REFERENCE = /^\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})$/i;
const LETTERS = 26;
const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;

/** `B3`; undefined for what is no cell of Excel. */
export function parseReference(text: string): CellPlace | undefined {
  const match = REFERENCE.exec(text);
  if (match === null) return undefined;
  const place = { row: Number(match[2]) - 1, column: columnOf(match[1] ?? "") };
  return place.row < MAX_ROWS && place.column < MAX_COLUMNS ? place : undefined;
}

/** `A1:B3`, or one cell. */
export function parseRange(text: string): CellRange | undefined {
  const [first = "", last = first] = text.split(":");
  const from = parseReference(first);
  const to = parseReference(last);
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** The letters of a column: 0 is `A`, 26 is `AA`. */
export function columnName(column: number): string {
  let name = "";
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / LETTERS)) {
    name = String.fromCharCode(65 + ((rest - 1) % LETTERS)) + name;
  }
  return name;
}

function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * LETTERS + letter.charCodeAt(0) - 64;
  return column - 1;
}
