import type { Face } from "#lib/export/pdf/fonts/font-set.ts";

/** The part of PDFKit's document that fonts need. */
type FontDocument = Pick<PDFKit.PDFDocument, "registerFont" | "font" | "fontSize" | "widthOfString">;

const UNIT = 1_000;

/** Measures text in the fonts of one document, and remembers the widths of words. */
export class Measure {
  readonly #document: FontDocument;
  readonly #widths = new Map<Face, Map<string, number>>();

  constructor(document: FontDocument) {
    this.#document = document;
  }

  /** Makes a face the font of what is drawn next. */
  use(face: Face, size: number): void {
    this.#widthsOf(face);
    this.#document.font(face.name).fontSize(size);
  }

  width(text: string, face: Face, size: number): number {
    const widths = this.#widthsOf(face);
    let width = widths.get(text);
    if (width === undefined) {
      this.#document.font(face.name).fontSize(UNIT);
      width = this.#document.widthOfString(text);
      widths.set(text, width);
    }
    return (width * size) / UNIT;
  }

  #widthsOf(face: Face): Map<string, number> {
    const known = this.#widths.get(face);
    if (known !== undefined) return known;
    const { buffer, byteOffset, byteLength } = face.bytes;
    this.#document.registerFont(face.name, Buffer.from(buffer, byteOffset, byteLength));
    const widths = new Map<string, number>();
    this.#widths.set(face, widths);
    return widths;
  }
}
