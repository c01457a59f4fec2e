import { type Block, type Inline, textOf } from "#lib/export/markdown/tree.ts";
import { drawCode } from "#lib/export/pdf/blocks/code.ts";
import { drawHeading, type Outline } from "#lib/export/pdf/blocks/heading.ts";
import { drawList, indented } from "#lib/export/pdf/blocks/list.ts";
import { drawNotes } from "#lib/export/pdf/blocks/notes.ts";
import { drawLines, layOut, startHeight } from "#lib/export/pdf/blocks/paragraph.ts";
import { drawTable } from "#lib/export/pdf/blocks/table.ts";
import { fitPicture } from "#lib/export/pdf/picture.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { isRightToLeft } from "#lib/export/pdf/text/bidi.ts";
import type { Look } from "#lib/export/pdf/text/run.ts";
import { plainLook, runsOf } from "#lib/export/pdf/text/runs.ts";
import { COLOURS, GAP, INDENT, LINE_HEIGHT, SIZES } from "#lib/export/pdf/theme.ts";

/** What the blocks around a block make of it. */
export type Place = { sheet: Sheet; outline: Outline; frame: Frame; depth: number; look: Look };

/** Draws blocks one below another. */
export function drawBlocks(blocks: readonly Block[], place: Place, gap: number = GAP.block): void {
  for (const [index, block] of blocks.entries()) {
    if (index > 0) place.sheet.gap(block.kind === "heading" ? GAP.heading : gap);
    drawBlock(block, place);
  }
}

function drawBlock(block: Block, place: Place): void {
  const { sheet, frame, outline } = place;
  switch (block.kind) {
    case "paragraph":
      return drawParagraph(block.children, place);
    case "heading":
      return drawHeading(sheet, block, frame, outline);
    case "code":
      return drawCode(sheet, block, frame);
    case "quote":
      return drawQuote(block.children, place);
    case "list":
      return sheet.group("L", () =>
        drawList(sheet, block, frame, place.depth, (children, inner, gap) =>
          drawBlocks(children, { ...place, frame: inner, depth: place.depth + 1 }, gap),
        ),
      );
    case "table":
      return drawTable(sheet, block, frame);
    case "rule":
      return drawRule(sheet, frame);
    case "notes":
      return drawNotes(sheet, block.notes, frame, (children, inner) =>
        drawBlocks(children, { ...place, frame: inner, look: plainLook(SIZES.note) }, GAP.item),
      );
  }
}

function drawParagraph(children: readonly Inline[], { sheet, frame, look }: Place): void {
  const runs = runsOf(children, look, (bytes, alt) => fitPicture(bytes, alt, frame.width));
  const setting = { width: frame.width, size: look.size, lineHeight: LINE_HEIGHT.body };
  const paragraph = layOut(sheet, runs, setting);
  sheet.ensure(startHeight(paragraph.lines));
  sheet.leaf("P", () => drawLines(sheet, paragraph, frame));
}

function drawQuote(children: readonly Block[], place: Place): void {
  const { sheet, frame, look } = place;
  const [first] = children;
  const isFromRight = first?.kind === "paragraph" && isRightToLeft(textOf(first.children));
  const inner = indented(frame, INDENT.quote, isFromRight);
  sheet.ensure(SIZES.body * 2);
  sheet.group("BlockQuote", () =>
    sheet.besideBar(isFromRight ? frame.x + frame.width - 2.5 : frame.x, () =>
      drawBlocks(children, { ...place, frame: inner, look: { ...look, colour: COLOURS.muted } }),
    ),
  );
}

function drawRule(sheet: Sheet, { x, width }: Frame): void {
  sheet.ensure(GAP.block);
  sheet.artifact(() => {
    sheet.drawMarkers(sheet.y + 4);
    sheet.document.rect(x, sheet.y + 3, width, 0.8).fill(COLOURS.line);
  });
  sheet.y += 7;
}
