import { type Block, textOf } from "#lib/export/markdown/tree.ts";
import { drawLines, heightOf, layOut } from "#lib/export/pdf/blocks/paragraph.ts";
import { fitPicture } from "#lib/export/pdf/picture.ts";
import type { Frame, Sheet } from "#lib/export/pdf/sheet.ts";
import { plainLook, runsOf } from "#lib/export/pdf/text/runs.ts";
import { COLOURS, HEADING_SIZES, LINE_HEIGHT, SIZES } from "#lib/export/pdf/theme.ts";

/** Space around the line under a heading. */
const RULE = { above: 4, below: 2 };
const MAX_TITLE = 200;

/** Draws a heading, with what follows it: it does not stay at the end of a page. */
export function drawHeading(
  sheet: Sheet,
  { level, children }: Extract<Block, { kind: "heading" }>,
  frame: Frame,
  outline: Outline,
): void {
  const size = HEADING_SIZES[level - 1] ?? SIZES.body;
  const look = { ...plainLook(size, level === 6 ? COLOURS.muted : COLOURS.text), bold: true };
  const runs = runsOf(children, look, (bytes, alt) => fitPicture(bytes, alt, frame.width));
  const paragraph = layOut(sheet, runs, { width: frame.width, size, lineHeight: LINE_HEIGHT.heading });
  const isRuled = level <= 2;
  const height = heightOf(paragraph.lines) + (isRuled ? RULE.above + RULE.below : 0);
  const element = sheet.element(`H${level}`);
  sheet.keepWithNext(height, () => {
    // The page lies on its side if a wide table follows.
    const place = sheet.isNested ? frame : sheet.frame;
    outline.add(level, textOf(children), sheet);
    element.add(() => drawLines(sheet, paragraph, place));
    element.end();
    if (isRuled) drawRuleBelow(sheet, place);
  });
}

function drawRuleBelow(sheet: Sheet, { x, width }: Frame): void {
  sheet.y += RULE.above;
  sheet.artifact(() => sheet.document.rect(x, sheet.y, width, 0.7).fill(COLOURS.line));
  sheet.y += RULE.below;
}

type Entry = { level: number; item: PDFKit.PDFOutline };

/** The document's outline (bookmarks), and the places to which links such as `#results` lead. */
export class Outline {
  readonly #open: Entry[];
  readonly #names = new Map<string, number>();

  constructor(root: PDFKit.PDFOutline) {
    this.#open = [{ level: 0, item: root }];
  }

  add(level: number, words: string, sheet: Sheet): void {
    const title = words.replace(/\s+/g, " ").trim().slice(0, MAX_TITLE).toWellFormed();
    while ((this.#open.at(-1)?.level ?? 0) >= level) this.#open.pop();
    const options = { expanded: level < 3, top: sheet.y - 8 };
    const item = this.#open.at(-1)?.item.addItem(title === "" ? "–" : title, options);
    if (item !== undefined) this.#open.push({ level, item });
    sheet.namePlace(this.#nameOf(title));
  }

  /** As GitHub names headings; equal ones are numbered. */
  #nameOf(title: string): string {
    const name = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const before = this.#names.get(name) ?? 0;
    this.#names.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  }
}
