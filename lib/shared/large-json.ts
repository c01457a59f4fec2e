import { othersTurn } from "#lib/shared/event-loop.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A longer text is written in pieces of this length, characters. */
const PIECE = 64 * 1024;
/** Yields to the event loop after this many pieces: a few milliseconds of work, even if all is escaped. */
const PIECES_A_TURN = 8;
/** Replaces a long text until it is written. A text equal to it is treated as a long one. */
const PLACEHOLDER = "\u0000long text\u0000";
const WRITTEN_PLACEHOLDER = JSON.stringify(PLACEHOLDER);

/**
 * An object as UTF-8 JSON, identical to `JSON.stringify`. For objects of megabytes: one long text full of
 * quotes would block the event loop for a third of a second.
 */
export async function encodeLargeJson(value: JsonObject): Promise<Buffer> {
  await othersTurn();
  const longTexts: string[] = [];
  const outline = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "string" || (inner.length <= PIECE && inner !== PLACEHOLDER)) return inner;
    longTexts.push(inner);
    return PLACEHOLDER;
  });
  await othersTurn();
  const pieces: Buffer[] = [];
  let from = 0;
  for (const text of longTexts) {
    const at = placeholderFrom(outline, from);
    pieces.push(Buffer.from(outline.slice(from, at + 1)));
    await encodeText(text, pieces);
    from = at + WRITTEN_PLACEHOLDER.length - 1;
  }
  pieces.push(Buffer.from(outline.slice(from)));
  await othersTurn();
  return Buffer.concat(pieces);
}

/**
 * The index of the next placeholder that is a value. A key of that name is followed by a colon; a text that
 * only ends with it has an escaped quote before it.
 */
function placeholderFrom(outline: string, from: number): number {
  let at = outline.indexOf(WRITTEN_PLACEHOLDER, from);
  while (outline[at + WRITTEN_PLACEHOLDER.length] === ":" || outline[at - 1] === "\\")
    at = outline.indexOf(WRITTEN_PLACEHOLDER, at + 1);
  return at;
}

/** The text as JSON writes it, without its quotes. */
async function encodeText(text: string, pieces: Buffer[]): Promise<void> {
  let count = 0;
  for (let from = 0; from < text.length; ) {
    const to = pieceEnd(text, from);
    pieces.push(Buffer.from(JSON.stringify(text.slice(from, to)).slice(1, -1)));
    from = to;
    if (++count % PIECES_A_TURN === 0) await othersTurn();
  }
}

/** The end of the next piece, never within a surrogate pair. */
function pieceEnd(text: string, from: number): number {
  const to = Math.min(from + PIECE, text.length);
  const isPair =
    isBetween(text.charCodeAt(to - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(to), 0xdc00, 0xdfff);
  return isPair ? to + 1 : to;
}

/** False for NaN, which is the code after the end of a text. */
function isBetween(code: number, first: number, last: number): boolean {
  return code >= first && code <= last;
}
