import type { Sheet } from "#lib/export/pdf/sheet.ts";
import { plainLook } from "#lib/export/pdf/text/runs.ts";
import { COLOURS, FOOTER_HEIGHT, SIZES } from "#lib/export/pdf/theme.ts";

/** Draws `3 / 12` at the foot of each page. */
export function drawPageNumbers(sheet: Sheet): void {
  const { document, fonts, measure } = sheet;
  const { face } = fonts.choose("1", plainLook(SIZES.footer));
  const { start, count } = document.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    document.switchToPage(page);
    const text = `${page + 1} / ${start + count}`;
    const { width, height } = document.page;
    const x = (width - measure.width(text, face, SIZES.footer)) / 2;
    sheet.artifact(() => {
      measure.use(face, SIZES.footer);
      document.fillColor(COLOURS.muted);
      document.text(text, x, height - FOOTER_HEIGHT, { lineBreak: false, baseline: "alphabetic" });
    });
  }
}
