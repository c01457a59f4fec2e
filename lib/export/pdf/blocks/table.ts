import { type TableCell, textOf } from "#lib/export/markdown/tree.ts";
import { sum } from "#lib/export/pdf/blocks/column-widths.ts";
import type { Paragraph } from "#lib/export/pdf/blocks/paragraph.ts";
import { layOut } from "#lib/export/pdf/blocks/paragraph.ts";
import { type CellRuns, planTable, type Table, type TablePlan } from "#lib/export/pdf/blocks/table-plan.ts";
import { drawRow, type Row, rowHeight } from "#lib/export/pdf/blocks/table-row.ts";
import { fitPicture } from "#lib/export/pdf/picture.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { isRightToLeft } from "#lib/export/pdf/text/bidi.ts";
import { plainLook, runsOf } from "#lib/export/pdf/text/runs.ts";
import { CELL_PADDING, GAP, LINE_HEIGHT } from "#lib/export/pdf/theme.ts";

/** Pictures in cells are no wider than this. */
const MAX_PICTURE = 90;
/** Points of a row that stay together on a page. */
const MAX_KEPT = 180;
/** A head that takes more than this part of a page is not repeated. */
const MAX_HEAD = 1 / 3;

/**
 * Draws a table over as many pages as it needs, with its head on each. One that is too wide gets smaller text,
 * then pages on their side, then its columns in groups.
 */
export function drawTable(sheet: Sheet, table: Table, frame: Frame): void {
  const wideRoom = sheet.isNested ? undefined : sheet.landscapeWidth;
  const plan = planTable(sheet, table, cellRuns, frame.width, wideRoom);
  if (!plan.isLandscape) return drawGroups(sheet, table, plan, frame);
  sheet.inLandscape(() => drawGroups(sheet, table, plan, sheet.frame));
}

function drawGroups(sheet: Sheet, table: Table, plan: TablePlan, frame: Frame): void {
  for (const [index, { columns, widths }] of plan.groups.entries()) {
    if (index > 0) sheet.gap(GAP.block);
    const isFromRight = isRightToLeft(textOf(table.head[0]?.children ?? []));
    const columnsOf = (cells: readonly TableCell[], isHead: boolean): Row => ({
      isHead,
      cells: columns.map((column, place) => {
        const cell = cells[column] ?? { align: undefined, children: [] };
        const width = widths[place] ?? 0;
        const before = sum(widths.slice(0, place));
        const x = isFromRight ? frame.x + frame.width - before - width : frame.x + before;
        return { x, width, align: cell.align, ...setCell(sheet, cell, isHead, plan.size, width) };
      }),
    });
    const x = isFromRight ? frame.x + frame.width - sum(widths) : frame.x;
    sheet.group("Table", () => drawRows(sheet, table, columnsOf, { x, width: sum(widths) }));
  }
}

function drawRows(
  sheet: Sheet,
  { head, rows }: Table,
  rowOf: (cells: readonly TableCell[], isHead: boolean) => Row,
  edges: Frame,
): void {
  const headRow = rowOf(head, true);
  const headHeight = rowHeight(headRow);
  const isRepeated = headHeight < sheet.pageRoom * MAX_HEAD;
  const [first] = rows;
  const firstHeight = first === undefined ? 0 : rowHeight(rowOf(first, false));
  sheet.ensure(Math.min(headHeight + Math.min(firstHeight, MAX_KEPT), sheet.pageRoom));
  const nextPage = (): void => {
    sheet.newPage();
    if (isRepeated) sheet.artifact(() => drawRow(sheet, headRow, edges, undefined, () => undefined));
  };
  sheet.group("TR", () => drawRow(sheet, headRow, edges, sheet, () => sheet.newPage()));
  for (const cells of rows) {
    const row = rowOf(cells, false);
    // A row that is not high stays together; any other begins here if there is room for a few of its lines.
    if (sheet.room < Math.min(rowHeight(row), MAX_KEPT)) nextPage();
    sheet.group("TR", () => drawRow(sheet, row, edges, sheet, nextPage));
  }
}

function setCell(sheet: Sheet, cell: TableCell, isHead: boolean, size: number, width: number): Paragraph {
  const setting = { width: width - 2 * CELL_PADDING.x, size, lineHeight: LINE_HEIGHT.table };
  return layOut(sheet, cellRuns(cell, isHead, size), setting);
}

const cellRuns: CellRuns = ({ children }, isHead, size) =>
  runsOf(children, { ...plainLook(size), bold: isHead }, (bytes, alt) => fitPicture(bytes, alt, MAX_PICTURE));
