import type { Piece } from "#lib/services/documents/split-sections.ts";
import { othersTurn } from "#lib/shared/event-loop.ts";

/** Words of a message that are looked for. */
const MAX_WORDS = 300;
/** Words are the same if so many of their first letters are: `invoice` and `invoices`. */
const STEM = 6;
const MIN_WORD = 2;
const WORD = /[\p{L}\p{N}]+/gu;
/** Scripts without spaces between words: two neighbouring characters stand for a word. */
const UNSPACED = /[\u0e00-\u0eff\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff]/;
/** Other requests run after so many pieces. */
const PIECES_A_TURN = 25;

/**
 * How much each piece has in common with a message: for each word of it that the piece has, the more, the rarer the
 * word is in the document. 0 for nothing. Takes time in proportion to the text.
 */
export async function rankPieces(pieces: readonly Piece[], message: string): Promise<number[]> {
  const wanted = new Set<string>();
  for (const word of wordsOf(message)) {
    if (wanted.size >= MAX_WORDS) break;
    wanted.add(word);
  }
  const found: Set<string>[] = [];
  const frequency = new Map<string, number>();
  for (const [index, { text }] of pieces.entries()) {
    if (index % PIECES_A_TURN === PIECES_A_TURN - 1) await othersTurn();
    const words = new Set<string>();
    for (const word of wordsOf(text)) if (wanted.has(word)) words.add(word);
    for (const word of words) frequency.set(word, (frequency.get(word) ?? 0) + 1);
    found.push(words);
  }
  return found.map((words) => {
    let score = 0;
    for (const word of words) score += Math.log(pieces.length / (frequency.get(word) ?? 1));
    return score;
  });
}

function* wordsOf(text: string): Generator<string> {
  for (const [word] of text.matchAll(WORD)) {
    if (UNSPACED.test(word)) {
      for (let at = 0; at < word.length - 1; at++) yield word.slice(at, at + 2);
    } else if (word.length >= MIN_WORD) yield word.slice(0, STEM).toLowerCase();
  }
}
