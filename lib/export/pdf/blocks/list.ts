import type { Block, ListItem } from "#lib/export/markdown/tree.ts";
import { textOf } from "#lib/export/markdown/tree.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { isRightToLeft } from "#lib/export/pdf/text/bidi.ts";
import { plainLook } from "#lib/export/pdf/text/runs.ts";
import { COLOURS, GAP, INDENT, SIZES } from "#lib/export/pdf/theme.ts";

type List = Extract<Block, { kind: "list" }>;

/** Draws the blocks of an item or a quote, one below another. */
export type DrawBlocks = (blocks: readonly Block[], frame: Frame, gap: number) => void;

/** A frame that is narrower than this is not indented any more. */
const MIN_WIDTH = 150;
/** Points between a number and the text behind it. */
const NUMBER_GAP = 6;

export function drawList(
  sheet: Sheet,
  list: List,
  frame: Frame,
  depth: number,
  drawBlocks: DrawBlocks,
): void {
  const isFromRight = isRightToLeft(firstWords(list.items));
  const indent = Math.max(INDENT.list, widestNumber(sheet, list) + NUMBER_GAP);
  const inner = indented(frame, indent, isFromRight);
  const gap = list.tight ? GAP.item : GAP.block;
  for (const [index, item] of list.items.entries()) {
    if (index > 0) sheet.gap(gap);
    sheet.group("LI", () => {
      const edge = isFromRight ? inner.x + inner.width : inner.x;
      sheet.addMarker((baseline) => drawMark(sheet, list, item, index, depth, edge, isFromRight, baseline));
      drawBlocks(item.children, inner, gap);
      // An item without text.
      if (item.children.length === 0) drawEmpty(sheet);
    });
  }
}

/** A frame that begins further in; the same one if it would become too narrow. */
export function indented({ x, width }: Frame, indent: number, isFromRight: boolean): Frame {
  if (width - indent < MIN_WIDTH) return { x, width };
  return { x: isFromRight ? x : x + indent, width: width - indent };
}

function drawEmpty(sheet: Sheet): void {
  const height = SIZES.body * 1.5;
  sheet.ensure(height);
  sheet.leaf("P", () => sheet.drawMarkers(sheet.y + SIZES.body * 1.1));
  sheet.y += height;
}

function widestNumber(sheet: Sheet, { ordered, start, items }: List): number {
  if (!ordered) return 0;
  return Math.max(numberWidth(sheet, start), numberWidth(sheet, start + items.length - 1));
}

function numberWidth({ fonts, measure }: Sheet, number: number): number {
  const text = `${number}.`;
  const { face } = fonts.choose("1", plainLook(SIZES.body));
  return measure.width(text, face, SIZES.body);
}

function drawMark(
  sheet: Sheet,
  list: List,
  { checked }: ListItem,
  index: number,
  depth: number,
  edge: number,
  isFromRight: boolean,
  baseline: number,
): void {
  const { document, fonts, measure } = sheet;
  const at = (width: number): number => (isFromRight ? edge + NUMBER_GAP : edge - NUMBER_GAP - width);
  if (checked !== undefined) return drawCheckbox(sheet, checked, at(9), baseline);
  const text = list.ordered ? numberText(list.start + index, isFromRight) : bulletOf(depth);
  const { face } = fonts.choose(list.ordered ? "1" : text, plainLook(SIZES.body));
  const width = measure.width(text, face, SIZES.body);
  measure.use(face, SIZES.body);
  document.fillColor(list.ordered ? COLOURS.text : COLOURS.muted);
  document.text(text, at(width), baseline, { lineBreak: false, baseline: "alphabetic" });
}

function numberText(number: number, isFromRight: boolean): string {
  return isFromRight ? `.${number}` : `${number}.`;
}

function bulletOf(depth: number): string {
  return ["•", "◦", "▪"][Math.min(depth, 2)] ?? "•";
}

function drawCheckbox({ document }: Sheet, isChecked: boolean, x: number, baseline: number): void {
  const top = baseline - 8;
  document.lineWidth(0.8);
  if (!isChecked) {
    document.roundedRect(x, top, 9, 9, 1.5).stroke(COLOURS.muted);
    return;
  }
  document.roundedRect(x, top, 9, 9, 1.5).fillAndStroke(COLOURS.link, COLOURS.link);
  document
    .lineWidth(1.2)
    .moveTo(x + 2, top + 4.8)
    .lineTo(x + 3.9, top + 6.6)
    .lineTo(x + 7.2, top + 2.6);
  document.stroke("#ffffff");
}

/** The words that tell the direction of a list. */
function firstWords(items: readonly ListItem[]): string {
  const [first] = items[0]?.children ?? [];
  return first?.kind === "paragraph" ? textOf(first.children) : "";
}
