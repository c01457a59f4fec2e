import type { Measure } from "#lib/export/pdf/text/measure.ts";
import type { Piece } from "#lib/export/pdf/text/pieces.ts";

/** One line: its pieces in the order of the text, without the spaces at its end. */
export type Line = {
  pieces: readonly Piece[];
  width: number;
  /** From the top of the line to the line on which its letters stand. */
  ascent: number;
  height: number;
};

/** @param lineHeight times the size of the text. */
export type LineOptions = { width: number; size: number; lineHeight: number };

/** Breaks pieces into lines. Words that are wider than a line are broken wherever it is full. */
export function linesOf(pieces: readonly Piece[], options: LineOptions, measure: Measure): Line[] {
  const breaker = new LineBuilder(options, measure);
  let unit: Piece[] = [];
  for (const piece of pieces) {
    unit.push(piece);
    if (piece.breakAfter === "no") continue;
    breaker.place(unit);
    unit = [];
    if (piece.breakAfter === "must") breaker.endLine();
  }
  breaker.place(unit);
  return breaker.finish();
}

/** The width of the widest part that no line break divides, and of all in one line. */
export function widthsOf(pieces: readonly Piece[]): { narrowest: number; natural: number } {
  const widths = { narrowest: 0, natural: 0 };
  let unit = 0;
  let line = 0;
  for (const { width, isSpace, breakAfter } of pieces) {
    line += width;
    if (!isSpace) unit += width;
    widths.narrowest = Math.max(widths.narrowest, unit);
    widths.natural = Math.max(widths.natural, line);
    if (breakAfter !== "no") unit = 0;
    if (breakAfter === "must") line = 0;
  }
  return widths;
}

class LineBuilder {
  readonly #options: LineOptions;
  readonly #measure: Measure;
  readonly #lines: Line[] = [];
  #line: Piece[] = [];
  #width = 0;

  constructor(options: LineOptions, measure: Measure) {
    this.#options = options;
    this.#measure = measure;
  }

  /** Adds pieces that belong together, to this line or to the next. */
  place(unit: readonly Piece[]): void {
    const width = inked(unit).reduce((sum, piece) => sum + piece.width, 0);
    const limit = this.#options.width + 0.01;
    if (this.#width + width > limit && this.#line.length > 0) this.endLine();
    for (const piece of unit) {
      if (width > limit && !piece.isSpace && this.#width + piece.width > limit) this.#breakUp(piece);
      else this.#push(piece);
    }
  }

  endLine(): void {
    const pieces = inked(this.#line);
    const { size, lineHeight } = this.#options;
    const tallest = pieces.reduce((most, { picture }) => Math.max(most, picture?.height ?? 0), 0);
    const height = Math.max(size * lineHeight, tallest + (tallest > 0 ? size * 0.5 : 0));
    this.#lines.push({
      pieces,
      width: pieces.reduce((sum, piece) => sum + piece.width, 0),
      ascent: height - (size * lineHeight - size) / 2 - size * 0.22,
      height,
    });
    this.#line = [];
    this.#width = 0;
  }

  finish(): Line[] {
    if (this.#line.length > 0 || this.#lines.length === 0) this.endLine();
    return this.#lines;
  }

  #push(piece: Piece): void {
    this.#line.push(piece);
    this.#width += piece.width;
  }

  /** Fills lines with the clusters of a piece that does not fit. */
  #breakUp(piece: Piece): void {
    let clusters: string[] = [];
    let width = 0;
    const flush = (breakAfter: Piece["breakAfter"]): void => {
      const text = clusters.join("");
      const measured = this.#measure.width(text, piece.face, piece.look.size);
      if (text !== "") this.#push({ ...piece, clusters, text, width: measured, breakAfter });
      clusters = [];
      width = 0;
    };
    for (const cluster of piece.clusters) {
      const own = this.#measure.width(cluster, piece.face, piece.look.size);
      const isFull = this.#width + width + own > this.#options.width;
      if (isFull && (this.#line.length > 0 || clusters.length > 0)) {
        flush("no");
        this.endLine();
      }
      clusters.push(cluster);
      width += own;
    }
    flush(piece.breakAfter);
  }
}

/** Pieces without the spaces behind them. */
function inked(pieces: readonly Piece[]): readonly Piece[] {
  const last = pieces.findLastIndex(({ isSpace }) => !isSpace);
  return pieces.slice(0, last + 1);
}
