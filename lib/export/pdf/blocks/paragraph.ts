import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { type Line, linesOf } from "#lib/export/pdf/text/lines.ts";
import { paintLine } from "#lib/export/pdf/text/paint.ts";
import { piecesOf } from "#lib/export/pdf/text/pieces.ts";
import type { Run } from "#lib/export/pdf/text/run.ts";

export type Align = "left" | "center" | "right" | undefined;

/** The lines of a paragraph, and its direction. */
export type Paragraph = { lines: readonly Line[]; isRightToLeft: boolean };

/** How a paragraph is set. `size` is that of its text. */
export type Setting = { width: number; size: number; lineHeight: number; wrap?: "code" | undefined };

export function layOut(sheet: Sheet, runs: readonly Run[], setting: Setting): Paragraph {
  const { pieces, isRightToLeft, missing } = piecesOf(runs, sheet, setting.wrap ?? "words");
  sheet.missingGlyphs += missing;
  return { lines: linesOf(pieces, setting, sheet.measure), isRightToLeft };
}

/** Draws lines one below another, on as many pages as they need. */
export function drawLines(
  sheet: Sheet,
  { lines, isRightToLeft }: Paragraph,
  frame: Frame,
  align?: Align,
): void {
  sheet.ensure(startHeight(lines));
  for (const line of lines) {
    sheet.ensure(line.height);
    sheet.drawMarkers(sheet.y + line.ascent);
    paintLine(sheet, line, startOf(line, frame, align ?? (isRightToLeft ? "right" : "left")), sheet.y);
    sheet.y += line.height;
  }
}

/** What stays together: the first line of a paragraph does not stay alone at the end of a page. */
export function startHeight(lines: readonly Line[]): number {
  return heightOf(lines.slice(0, lines.length > 2 ? 2 : 1));
}

/** The left end of a line in its frame. */
export function startOf({ width }: Line, frame: Frame, align: NonNullable<Align>): number {
  switch (align) {
    case "left":
      return frame.x;
    case "center":
      return frame.x + (frame.width - width) / 2;
    case "right":
      return frame.x + frame.width - width;
  }
}

export function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { height }) => sum + height, 0);
}
