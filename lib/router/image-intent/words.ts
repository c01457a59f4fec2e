/**
 * A text as its words, folded for comparison: lower case, without accents (people leave them out) and without
 * punctuation around a word. Each word keeps what was written, so that a prompt can be cut from it.
 */
export type Word = { folded: string; written: string };

/** Words beyond that are not looked at: a wish is stated in its first ones. */
const MAX_WORDS = 60;
const MAX_CHARACTERS = 600;

export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const written of text.slice(0, MAX_CHARACTERS).split(/\s+/)) {
    const folded = fold(written).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, "");
    if (folded !== "") words.push({ folded, written });
    if (words.length === MAX_WORDS) break;
  }
  return words;
}

export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f\u064b-\u0655\u0640]/g, "")
    .normalize("NFC")
    .replaceAll("’", "'")
    .replaceAll("ı", "i");
}

/** The source of a regular expression that is to match folded text. */
export function foldPattern(source: string): string {
  return fold(source).replaceAll("\\p{l}", "\\p{L}");
}

/** Phrases of one or more words, any of which may be looked for at a position. */
export class Phrases {
  readonly #pattern: RegExp;

  /** @param phrases regular expressions of folded text, separated by `|`; words are separated by one space. */
  constructor(phrases: string) {
    this.#pattern = new RegExp(`(?:${foldPattern(phrases)})(?= |$)`, "y");
  }

  /** How many words of `text` the phrase that begins at this position has; 0 if there is none. */
  at(text: FoldedWords, word: number): number {
    const from = text.starts[word];
    if (from === undefined) return 0;
    this.#pattern.lastIndex = from;
    const found = this.#pattern.exec(text.joined)?.[0];
    return found === undefined || found === "" ? 0 : found.split(" ").length;
  }
}

/** Folded words in one string, and where each begins. */
export type FoldedWords = { joined: string; starts: readonly number[]; words: readonly Word[] };

export function foldedWords(words: readonly Word[]): FoldedWords {
  const starts: number[] = [];
  let at = 0;
  for (const { folded } of words) {
    starts.push(at);
    at += folded.length + 1;
  }
  return { joined: words.map(({ folded }) => folded).join(" "), starts, words };
}
