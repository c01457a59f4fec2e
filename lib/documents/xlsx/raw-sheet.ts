import type { CellRange } from "#lib/documents/xlsx/cell-reference.ts";

/** A cell as the file has it. */
export type RawCell = {
  /** Text, error, or the source of a number, unless `shared` is given. */
  value: string;
  type: "number" | "text" | "boolean" | "error" | "date";
  /** Number of its text among the shared ones. */
  shared?: number;
  style: number;
  /** Its formula, if the file has no result of it. */
  formula?: string;
};

export type RawRow = { row: number; isHidden: boolean; cells: ReadonlyMap<number, RawCell> };

export type SheetLink = { range: CellRange; relationship: string | undefined; location: string | undefined };

/** What was read of a sheet, and how much of it there is. */
export type RawSheet = {
  /** Those with content. */
  rows: readonly RawRow[];
  rowCount: number;
  /** Whether there may be more rows than were counted. */
  isCountOpen: boolean;
  columnCount: number;
  keptColumns: number;
  hiddenColumns: readonly (readonly [first: number, last: number])[];
  merged: readonly CellRange[];
  links: readonly SheetLink[];
};

/** What may still be read, in all sheets. */
export type CellBudget = {
  cells: number;
  /** Whether it took so long already that what is beyond is not counted any more. */
  isLate(): boolean;
};
