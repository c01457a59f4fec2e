import type { Block, Note } from "#lib/export/markdown/tree.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { plainLook } from "#lib/export/pdf/text/runs.ts";
import { COLOURS, GAP, INDENT, SIZES } from "#lib/export/pdf/theme.ts";

/** Of the line above the footnotes. */
const RULE_WIDTH = 120;

/** Draws the footnotes behind a document, under a short line. */
export function drawNotes(
  sheet: Sheet,
  notes: readonly Note[],
  frame: Frame,
  drawBlocks: (blocks: readonly Block[], frame: Frame) => void,
): void {
  sheet.gap(GAP.block);
  sheet.ensure(SIZES.body * 4);
  sheet.artifact(() => sheet.document.rect(frame.x, sheet.y, RULE_WIDTH, 0.8).fill(COLOURS.line));
  sheet.y += GAP.block;
  const inner = { x: frame.x + INDENT.list, width: frame.width - INDENT.list };
  for (const { number, children } of notes) {
    sheet.group("Note", () => {
      sheet.ensure(SIZES.body * 2);
      sheet.namePlace(`note-${number}`);
      sheet.addMarker((baseline) => drawNumber(sheet, number, frame.x, baseline));
      drawBlocks(children, inner);
      sheet.leaf("Lbl", () => sheet.drawMarkers(sheet.y + SIZES.note));
    });
    sheet.gap(GAP.item);
  }
}

function drawNumber({ document, fonts, measure }: Sheet, number: number, x: number, baseline: number): void {
  const { face } = fonts.choose("1", plainLook(SIZES.note));
  measure.use(face, SIZES.note);
  document
    .fillColor(COLOURS.muted)
    .text(`${number}`, x, baseline, { lineBreak: false, baseline: "alphabetic" });
}
