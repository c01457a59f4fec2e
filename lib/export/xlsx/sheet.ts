/** What a cell may be given as; it comes from JSON. */
export type CellInput = string | number | boolean | null;

/** One sheet: a row of headers, and rows that may be shorter or longer than it. */
export type SheetTable = {
  /** As a client named it; what Excel does not allow in names is changed when it is written. */
  name: string;
  headers: readonly string[];
  rows: readonly (readonly CellInput[])[];
};

/** What a sheet of Excel holds at most. */
export const EXCEL_LIMITS = {
  columns: 16_384,
  /** Characters of a cell's text, in UTF-16 units. */
  text: 32_767,
} as const;
