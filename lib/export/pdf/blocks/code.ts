import type { Block } from "#lib/export/markdown/tree.ts";
import { heightOf, layOut } from "#lib/export/pdf/blocks/paragraph.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import type { Line } from "#lib/export/pdf/text/lines.ts";
import { paintLine } from "#lib/export/pdf/text/paint.ts";
import { codeRuns, plainLook } from "#lib/export/pdf/text/runs.ts";
import { CODE_PADDING, COLOURS, LINE_HEIGHT, SIZES } from "#lib/export/pdf/theme.ts";

/** Draws code on a panel, which goes on over pages. Long lines wrap. */
export function drawCode(sheet: Sheet, block: Extract<Block, { kind: "code" }>, frame: Frame): void {
  const look = { ...plainLook(SIZES.code), mono: true };
  const runs = codeRuns(block.colours ?? [block.text], look);
  const width = frame.width - 2 * CODE_PADDING;
  const { lines } = layOut(sheet, runs, {
    width,
    size: SIZES.code,
    lineHeight: LINE_HEIGHT.code,
    wrap: "code",
  });
  const [first] = lines;
  if (first === undefined) return;
  sheet.ensure(first.height * Math.min(lines.length, 3) + 2 * CODE_PADDING);
  sheet.leaf("Code", () => drawPanels(sheet, lines, first.height, frame));
}

function drawPanels(sheet: Sheet, lines: readonly Line[], lineHeight: number, frame: Frame): void {
  for (let from = 0; from < lines.length; ) {
    const count = Math.max(1, Math.floor((sheet.room - 2 * CODE_PADDING) / lineHeight));
    const part = lines.slice(from, from + count);
    drawPanel(sheet, part, frame);
    from += part.length;
    if (from < lines.length) sheet.newPage();
  }
}

function drawPanel(sheet: Sheet, lines: readonly Line[], { x, width }: Frame): void {
  const height = heightOf(lines) + 2 * CODE_PADDING;
  sheet.document.roundedRect(x, sheet.y, width, height, 4).fill(COLOURS.panel);
  sheet.y += CODE_PADDING;
  for (const line of lines) {
    sheet.drawMarkers(sheet.y + line.ascent);
    paintLine(sheet, line, x + CODE_PADDING, sheet.y);
    sheet.y += line.height;
  }
  sheet.y += CODE_PADDING;
}
