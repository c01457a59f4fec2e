/** How much of a workbook is read. What is beyond is counted, and the document says so. */
export const XLSX_LIMITS = {
  sheets: 200,
  /** Rows with content in a sheet. */
  rows: 5_000,
  /** Columns with content in a sheet. */
  columns: 256,
  /** Cells with content in all sheets. */
  cells: 150_000,
  /** Characters of text in all sheets. */
  characters: 2_000_000,
  /** Cells over the limit that are looked at to count a sheet's rows. */
  countedCells: 2_000_000,
  /** Milliseconds after which nothing is counted any more. A thread has ten seconds for a file. */
  countingMs: 3_000,
  /** Merged ranges, and links, of a sheet. */
  ranges: 20_000,
  /** Comments of a sheet. */
  comments: 5_000,
} as const;
