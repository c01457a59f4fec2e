import type { Block, TableCell } from "#lib/export/markdown/tree.ts";
import {
  type ColumnNeeds,
  columnGroups,
  columnWidths,
  narrowestOf,
  sum,
} from "#lib/export/pdf/blocks/column-widths.ts";
import type { Sheet } from "#lib/export/pdf/sheet.ts";
import { widthsOf } from "#lib/export/pdf/text/lines.ts";
import { piecesOf } from "#lib/export/pdf/text/pieces.ts";
import type { Run } from "#lib/export/pdf/text/run.ts";
import { CELL_PADDING, SIZES } from "#lib/export/pdf/theme.ts";

export type Table = Extract<Block, { kind: "table" }>;

/** Columns that are drawn beside each other. */
type Group = { columns: readonly number[]; widths: readonly number[] };

/** How a table is drawn: the size of its text, on which pages, and in how many groups of columns. */
export type TablePlan = { size: number; isLandscape: boolean; groups: readonly Group[] };

/** The runs of a cell, in a size of text. */
export type CellRuns = (cell: TableCell, isHead: boolean, size: number) => Run[];

/** The sizes of text that are tried, the best first. */
const SIZES_TRIED = [SIZES.table, 8.5, 7.5] as const;
const SMALLEST = 7.5;
/** Rows of which the widths of the columns are taken: those behind are like them. */
const MAX_MEASURED = 400;

/** @param wideRoom the width of a page on its side; undefined where the page cannot be turned. */
export function planTable(
  sheet: Sheet,
  table: Table,
  runsOfCell: CellRuns,
  room: number,
  wideRoom: number | undefined,
): TablePlan {
  const needs = needsOf(sheet, table, runsOfCell);
  const places = [
    { room, isLandscape: false },
    ...(wideRoom === undefined ? [] : [{ room: wideRoom, isLandscape: true }]),
  ];
  for (const place of places) {
    for (const size of SIZES_TRIED) {
      const scaled = scaledNeeds(needs, size);
      if (sum(scaled.map(narrowestOf)) > place.room) continue;
      const columns = [...scaled.keys()];
      const group = { columns, widths: columnWidths(scaled, place.room) };
      return { size, isLandscape: place.isLandscape, groups: [group] };
    }
  }
  const widest = places.at(-1) ?? { room, isLandscape: false };
  const scaled = scaledNeeds(needs, SMALLEST);
  const groups = columnGroups(scaled, widest.room).map((columns) => ({
    columns,
    widths: columnWidths(
      columns.map((column) => scaled[column] ?? { narrowest: 0, natural: 0 }),
      widest.room,
    ),
  }));
  return { size: SMALLEST, isLandscape: widest.isLandscape, groups };
}

/** What each column needs in the largest size, without padding. */
function needsOf(sheet: Sheet, { head, rows }: Table, runsOfCell: CellRuns): ColumnNeeds[] {
  const needs = head.map((cell) => cellNeeds(sheet, runsOfCell(cell, true, SIZES.table)));
  for (const row of rows.slice(0, MAX_MEASURED)) {
    for (const [index, cell] of row.entries()) {
      const column = needs[index];
      if (column === undefined || cell.children.length === 0) continue;
      const own = cellNeeds(sheet, runsOfCell(cell, false, SIZES.table));
      column.narrowest = Math.max(column.narrowest, own.narrowest);
      column.natural = Math.max(column.natural, own.natural);
    }
  }
  return needs;
}

function cellNeeds(sheet: Sheet, runs: readonly Run[]): ColumnNeeds {
  return widthsOf(piecesOf(runs, sheet, "words").pieces);
}

function scaledNeeds(needs: readonly ColumnNeeds[], size: number): ColumnNeeds[] {
  const scale = size / SIZES.table;
  const padding = 2 * CELL_PADDING.x + 0.5;
  return needs.map(({ narrowest, natural }) => ({
    narrowest: narrowest * scale + padding,
    natural: natural * scale + padding,
  }));
}
