import type { FontSet } from "#lib/export/pdf/fonts/font-set.ts";
import { Measure } from "#lib/export/pdf/text/measure.ts";
import { COLOURS, MARGIN } from "#lib/export/pdf/theme.ts";

export type PdfDocument = PDFKit.PDFDocument;

/** Where a block is drawn: its left edge and its width. */
export type Frame = { x: number; width: number };

/** Draws the mark of a list's item beside the first line of it, given the line on which its letters stand. */
type Marker = (baseline: number) => void;

/** What waits for the block behind it, with the element that holds it and the marks beside its first line. */
type Kept = {
  height: number;
  draw(): void;
  parent: PDFKit.PDFStructureElement | undefined;
  markers: Marker[];
};

/** Thrown when a document has more pages than one may have. */
export class TooManyPages extends Error {
  override readonly name = "TooManyPages";
}

/** The pages of a document, filled from top to bottom. */
export class Sheet {
  readonly document: PdfDocument;
  readonly fonts: FontSet;
  readonly measure: Measure;
  /** Where the next block begins, from the top of the page. */
  y: number = MARGIN.top;
  pages = 0;
  /** Characters that no font has. */
  missingGlyphs = 0;
  readonly #size: readonly [number, number];
  readonly #maxPages: number;
  #isLandscape = false;
  /** There is no page yet, or only one that lies on its side for a table. */
  #needsPage = true;
  #parent: PDFKit.PDFStructureElement | undefined;
  /** The bars beside the quotes that are open: where they stand, and where they begin on this page. */
  readonly #bars: { x: number; from: number }[] = [];
  #markers: Marker[] = [];
  #kept: Kept[] = [];

  constructor(document: PdfDocument, fonts: FontSet, size: readonly [number, number], maxPages: number) {
    this.document = document;
    this.fonts = fonts;
    this.measure = new Measure(document);
    this.#size = size;
    this.#maxPages = maxPages;
  }

  /** Between the margins of the page. */
  get frame(): Frame {
    return { x: MARGIN.left, width: this.#pageWidth - MARGIN.left - MARGIN.right };
  }

  /** The width between the margins of a page on its side. */
  get landscapeWidth(): number {
    return this.#size[1] - MARGIN.left - MARGIN.right;
  }

  get bottom(): number {
    return this.#size[this.#isLandscape ? 0 : 1] - MARGIN.bottom;
  }

  /** Points that are left on this page. */
  get room(): number {
    return this.bottom - this.y;
  }

  /** The height of an empty page. */
  get pageRoom(): number {
    return this.bottom - MARGIN.top;
  }

  get isAtTop(): boolean {
    return this.#needsPage || this.y <= MARGIN.top;
  }

  get isNested(): boolean {
    return this.#bars.length > 0 || this.#parent !== undefined;
  }

  /** Names a place, to which links such as `#name` lead. */
  namePlace(name: string): void {
    this.document.addNamedDestination(placeName(name), "XYZ", MARGIN.left, this.y, null);
  }

  /** A new page, if this one has no room for so many points and for what is kept with them. */
  ensure(height: number): void {
    const kept = this.#kept;
    const needed = kept.reduce((sum, { height: own }) => sum + own, height);
    if (this.#needsPage || (needed > this.room && !this.isAtTop)) this.newPage();
    if (kept.length === 0) return;
    this.#kept = [];
    for (const one of kept) this.#drawKept(one);
    // What is kept may be higher than a page.
    this.ensure(height);
  }

  /** Draws above the block that is drawn next, on the same page. */
  keepWithNext(height: number, draw: () => void): void {
    this.#kept.push({ height, draw, parent: this.#parent, markers: this.#markers });
    this.#markers = [];
  }

  /** Nothing more comes but what belongs to the pages that are there. An empty document has one. */
  finish(): void {
    this.#release();
    if (this.pages === 0) this.newPage();
    this.#needsPage = false;
  }

  newPage(): void {
    if (this.pages >= this.#maxPages) throw new TooManyPages();
    this.#drawBars();
    const layout: "landscape" | "portrait" = this.#isLandscape ? "landscape" : "portrait";
    const { top, bottom, left, right } = MARGIN;
    const options = { size: [...this.#size], layout, margins: { top, bottom, left, right } };
    if (this.pages === 0) this.document.addPage(options);
    else this.document.continueOnNewPage(options);
    this.pages += 1;
    this.y = MARGIN.top;
    this.#needsPage = false;
    for (const bar of this.#bars) bar.from = this.y;
  }

  /** Draws on pages that lie on their side. */
  inLandscape(draw: () => void): void {
    this.#isLandscape = true;
    this.newPage();
    draw();
    this.#isLandscape = false;
    this.#needsPage = true;
    this.y = MARGIN.top;
  }

  /** Draws with a bar beside all that is drawn, on each of its pages. */
  besideBar(x: number, draw: () => void): void {
    this.#bars.push({ x, from: this.y });
    draw();
    this.artifact(() => this.#drawBars());
    this.#bars.pop();
  }

  /** Space between two blocks; none at the top of a page. */
  gap(height: number): void {
    if (this.#kept.length > 0) this.keepWithNext(height, () => this.gap(height));
    else if (!this.isAtTop) this.y += height;
  }

  /** @param marker is drawn beside the next line. */
  addMarker(marker: Marker): void {
    this.#markers.push(marker);
  }

  drawMarkers(baseline: number): void {
    const markers = this.#markers;
    this.#markers = [];
    for (const marker of markers) marker(baseline);
  }

  /** An element of the document's structure, which holds others. */
  group(type: string, draw: () => void): void {
    const element = this.#element(type);
    const outer = this.#parent;
    this.#parent = element;
    draw();
    this.#release();
    this.#parent = outer;
    element.end();
  }

  /** An element that holds what is drawn. */
  leaf(type: string, draw: () => void, alt?: string): void {
    this.ensure(0);
    const element = this.#element(type, alt);
    element.add(draw);
    element.end();
  }

  /** An element whose content is drawn in several parts, and that ends with `end`. */
  element(type: string): PDFKit.PDFStructureElement {
    return this.#element(type);
  }

  /** What is only decoration: readers of a screen pass over it. */
  artifact(draw: () => void): void {
    this.ensure(0);
    this.document.markContent("Artifact", { type: "Layout" });
    draw();
    this.document.endMarkedContent();
  }

  get #pageWidth(): number {
    return this.#size[this.#isLandscape ? 1 : 0];
  }

  #release(): void {
    if (this.#kept.length > 0) this.ensure(0);
  }

  #drawKept({ draw, parent, markers }: Kept): void {
    const outer = { parent: this.#parent, markers: this.#markers };
    this.#parent = parent;
    this.#markers = markers;
    draw();
    this.#parent = outer.parent;
    this.#markers = [...this.#markers, ...outer.markers];
  }

  #element(type: string, alt?: string): PDFKit.PDFStructureElement {
    const element = this.document.struct(type, alt === undefined ? {} : { alt });
    if (this.#parent === undefined) this.document.addStructure(element);
    else this.#parent.add(element);
    return element;
  }

  #drawBars(): void {
    const { document } = this;
    for (const { x, from } of this.#bars) {
      if (this.y - from < 1) continue;
      document.rect(x, from, 2.5, this.y - from).fill(COLOURS.bar);
    }
  }
}

/** No heading is so called that its name means something to JavaScript's objects. */
export function placeName(name: string): string {
  return `to:${name}`;
}
