/** A short beginning is heard soon, UTF-16 units. */
const FIRST_LENGTH = 300;
/** `POST /api/v1/tts` takes 4,000 characters; shorter pieces are there before the one that is heard has ended. */
const MAX_LENGTH = 2_000;

/**
 * A text in pieces to be spoken one after the other. They end with a sentence where possible, and never inside of a
 * character.
 */
export function spokenPieces(text: string, language: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  const limit = (): number => (pieces.length === 0 ? FIRST_LENGTH : MAX_LENGTH);
  const finish = (): void => {
    if (piece.trim() !== "") pieces.push(piece.trim());
    piece = "";
  };
  for (const { segment } of new Intl.Segmenter(language, { granularity: "sentence" }).segment(text)) {
    if (piece.length + segment.length > limit()) finish();
    let rest = segment;
    while (rest.length > limit()) {
      const end = breakBefore(rest, limit());
      piece = rest.slice(0, end);
      rest = rest.slice(end);
      finish();
    }
    piece += rest;
  }
  finish();
  return pieces;
}

/** Where a sentence that is too long can be broken: behind a space, or between two characters. */
function breakBefore(sentence: string, limit: number): number {
  const space = sentence.lastIndexOf(" ", limit - 1);
  if (space > limit / 2) return space + 1;
  const code = sentence.charCodeAt(limit - 1);
  const splitsPair = code >= 0xd800 && code <= 0xdbff;
  return splitsPair ? limit - 1 : limit;
}
