import { markdownTable } from "#lib/documents/markdown-table.ts";
import { columnName } from "#lib/documents/xlsx/cell-reference.ts";
import type { TextRow } from "#lib/documents/xlsx/sheet-rows.ts";

/** A table of a sheet. Without a row of headings its columns have the letters that Excel shows. */
type Table = { heading: TextRow | undefined; rows: TextRow[] };

/**
 * The rows of a sheet as Markdown. People put titles above a table and several tables under each other: rows with
 * one cell above a table are text, and rows behind an empty one are a new table if they have headings of their own.
 */
export function sheetBlocks(rows: readonly TextRow[]): string[] {
  const blocks: (string | Table)[] = [];
  for (const run of withoutEmptyRows(rows)) {
    const tableAt = run.findIndex((row) => row.cells.size > 1);
    const titles = tableAt === -1 ? run : run.slice(0, tableAt);
    if (titles.length > 0) blocks.push(titles.map(onlyText).join("\n"));
    if (tableAt !== -1) addTable(blocks, run.slice(tableAt));
  }
  return blocks.map((block) => (typeof block === "string" ? block : tableText(block)));
}

/** Rows that follow each other without an empty one between them. */
function withoutEmptyRows(rows: readonly TextRow[]): TextRow[][] {
  const runs: TextRow[][] = [];
  let last = Number.NaN;
  for (const row of rows) {
    if (row.row === last + 1) runs.at(-1)?.push(row);
    else runs.push([row]);
    last = row.row;
  }
  return runs;
}

function addTable(blocks: (string | Table)[], rows: readonly TextRow[]): void {
  const [first, ...others] = rows;
  const before = blocks.at(-1);
  const hasHeading = first?.isHeading === true && (others.length > 0 || before === undefined);
  if (hasHeading) blocks.push({ heading: first, rows: others });
  else if (typeof before === "object") before.rows.push(...rows);
  else blocks.push({ heading: headingAbove(blocks, rows), rows: [...rows] });
}

/** The headings of the table above a text, if they are also those of the rows below it. */
function headingAbove(blocks: readonly (string | Table)[], rows: readonly TextRow[]): TextRow | undefined {
  const heading = blocks.findLast((block) => typeof block === "object")?.heading;
  const isFor = rows.every(({ cells }) => [...cells.keys()].every((column) => heading?.cells.has(column)));
  return isFor ? heading : undefined;
}

function tableText({ heading, rows }: Table): string {
  const all = heading === undefined ? rows : [heading, ...rows];
  const columns = [...new Set(all.flatMap(({ cells }) => [...cells.keys()]))].toSorted(
    (one, other) => one - other,
  );
  const names =
    heading === undefined
      ? columns.map(columnName)
      : columns.map((column) => heading.cells.get(column) ?? "");
  return markdownTable([names, ...rows.map(({ cells }) => columns.map((column) => cells.get(column) ?? ""))]);
}

function onlyText({ cells }: TextRow): string {
  return [...cells.values()].join(" ");
}
