import { type Align, heightOf, startOf } from "#lib/export/pdf/blocks/paragraph.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import type { Line } from "#lib/export/pdf/text/lines.ts";
import { paintLine } from "#lib/export/pdf/text/paint.ts";
import { CELL_PADDING, COLOURS } from "#lib/export/pdf/theme.ts";

type Cell = { x: number; width: number; align: Align; lines: readonly Line[]; isRightToLeft: boolean };

export type Row = { isHead: boolean; cells: readonly Cell[] };

/** Makes the elements of the cells; a repeated head has none. */
type Structure = Pick<Sheet, "element"> | undefined;

export function rowHeight({ cells }: Row): number {
  return Math.max(...cells.map(({ lines }) => heightOf(lines)), 0) + 2 * CELL_PADDING.y;
}

/** Draws a row, in parts if it is higher than the page: each takes the lines of its cells that fit. */
export function drawRow(
  sheet: Sheet,
  row: Row,
  edges: Frame,
  structure: Structure,
  nextPage: () => void,
): void {
  const cells = row.cells.map((cell) => ({
    ...cell,
    left: [...cell.lines],
    element: structure?.element(row.isHead ? "TH" : "TD"),
  }));
  do {
    const tallest = Math.max(...cells.map(({ left }) => left[0]?.height ?? 0));
    if (sheet.room < tallest + 2 * CELL_PADDING.y && !sheet.isAtTop) nextPage();
    const parts = cells.map(({ left }) => takeLines(left, sheet.room - 2 * CELL_PADDING.y));
    const height = Math.max(...parts.map(heightOf), 0) + 2 * CELL_PADDING.y;
    drawEdges(sheet, row, edges, height, structure);
    for (const [index, cell] of cells.entries()) {
      const draw = (): void => drawPart(sheet, cell, parts[index] ?? []);
      if (cell.element === undefined) draw();
      else cell.element.add(draw);
    }
    sheet.y += height;
  } while (cells.some(({ left }) => left.length > 0));
  for (const { element } of cells) element?.end();
}

/** Takes the lines that fit, at least one. */
function takeLines(left: Line[], room: number): Line[] {
  const taken: Line[] = [];
  let height = 0;
  for (const line of left) {
    height += line.height;
    if (height > room && taken.length > 0) break;
    taken.push(line);
  }
  left.splice(0, taken.length);
  return taken;
}

function drawPart(sheet: Sheet, { x, width, align, isRightToLeft }: Cell, lines: readonly Line[]): void {
  const frame = { x: x + CELL_PADDING.x, width: width - 2 * CELL_PADDING.x };
  let top = sheet.y + CELL_PADDING.y;
  for (const line of lines) {
    sheet.drawMarkers(top + line.ascent);
    paintLine(sheet, line, startOf(line, frame, align ?? (isRightToLeft ? "right" : "left")), top);
    top += line.height;
  }
}

function drawEdges(
  sheet: Sheet,
  { isHead }: Row,
  { x, width }: Frame,
  height: number,
  structure: Structure,
): void {
  const draw = (): void => {
    if (isHead) sheet.document.rect(x, sheet.y, width, height).fill(COLOURS.panel);
    sheet.document.rect(x, sheet.y + height - 0.35, width, 0.7).fill(COLOURS.line);
  };
  if (structure === undefined) draw();
  else sheet.artifact(draw);
}
