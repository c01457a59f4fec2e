import { placeName, type Sheet } from "#lib/export/pdf/sheet.ts";
import { inVisualOrder } from "#lib/export/pdf/text/bidi.ts";
import type { Line } from "#lib/export/pdf/text/lines.ts";
import type { Piece } from "#lib/export/pdf/text/pieces.ts";
import { COLOURS } from "#lib/export/pdf/theme.ts";

/** Of the words of a picture that is damaged. */
const MAX_ALT = 60;

/** Draws a line whose left end is at `x`. */
export function paintLine(sheet: Sheet, line: Line, x: number, top: number): void {
  const baseline = top + line.ascent;
  let left = x;
  for (const piece of mergedPieces(inVisualOrder(line.pieces))) {
    paintPiece(sheet, piece, left, baseline);
    left += piece.width;
  }
}

/** Neighbours that look the same are drawn at once, so that readers copy them as one. */
function mergedPieces(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last !== undefined && canJoin(last, piece)) {
      merged[merged.length - 1] = { ...last, text: last.text + piece.text, width: last.width + piece.width };
    } else merged.push(piece);
  }
  return merged;
}

function canJoin(last: Piece, next: Piece): boolean {
  return (
    last.face === next.face &&
    last.look === next.look &&
    last.level % 2 === 0 &&
    last.level === next.level &&
    last.copied === undefined &&
    next.copied === undefined &&
    last.picture === undefined &&
    next.picture === undefined
  );
}

function paintPiece(sheet: Sheet, piece: Piece, x: number, baseline: number): void {
  const { document, measure } = sheet;
  const { look, text, face, width, picture } = piece;
  if (picture !== undefined) return paintPicture(sheet, picture, x, baseline);
  if (text === "") return;
  const { size } = look;
  if (look.background !== undefined) {
    document.rect(x, baseline - size * 1.02, width, size * 1.34).fill(look.background);
  }
  measure.use(face, size);
  document.fillColor(look.colour);
  if (piece.copied !== undefined) document.markContent("Span", { actual: piece.copied });
  document.text(text, x, baseline - look.rise, { lineBreak: false, baseline: "alphabetic" });
  if (piece.copied !== undefined) document.endMarkedContent();
  if (look.strike) paintRule(sheet, x, baseline - look.rise - size * 0.28, width, look.colour, size);
  if (look.underline) paintRule(sheet, x, baseline - look.rise + size * 0.14, width, look.colour, size);
  if (look.link !== undefined) paintLink(sheet, look.link, x, baseline, width, size);
}

function paintRule(sheet: Sheet, x: number, y: number, width: number, colour: string, size: number): void {
  sheet.document.rect(x, y - size / 40, width, size / 20).fill(colour);
}

function paintLink(
  sheet: Sheet,
  link: string,
  x: number,
  baseline: number,
  width: number,
  size: number,
): void {
  const top = baseline - size;
  if (link.startsWith("#")) sheet.document.goTo(x, top, width, size * 1.3, placeName(link.slice(1)));
  else sheet.document.link(x, top, width, size * 1.3, link);
}

function paintPicture(
  { document, measure, fonts }: Sheet,
  { bytes, alt, width, height }: NonNullable<Piece["picture"]>,
  x: number,
  baseline: number,
): void {
  const top = baseline - height;
  try {
    document.image(Buffer.from(bytes), x, top, { width, height });
  } catch {
    // A damaged picture: its words in a frame of its size.
    const { face } = fonts.choose("a", { bold: false, italic: false, mono: false });
    document.rect(x, top, width, height).stroke(COLOURS.line);
    measure.use(face, 8);
    document.fillColor(COLOURS.muted);
    document.text(alt.slice(0, MAX_ALT), x, baseline, { lineBreak: false, baseline: "alphabetic" });
  }
}
