/** The text without the accents of Latin letters; vowel signs of other scripts are letters to their readers. */
export function withoutAccents(text: string): string {
  return text
    .normalize("NFKC")
    .normalize("NFD")
    .replace(/(?<=[A-Za-z])[\u0300-\u036f]+/g, "")
    .normalize("NFC");
}

/** The text as it is compared: in lower case, without accents, with plain apostrophes. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  return withoutAccents(lower)
    .replace(/[’ʼ]/g, "'")
    .replace(/ё/g, "е")
    .replace(/ß/g, "ss")
    .replace(/ø/g, "o")
    .replace(/æ/g, "ae")
    .replace(/ł/g, "l")
    .replace(/ı/g, "i");
}

/** Words of a language that is written without spaces are cut into pairs of characters. */
const UNSPACED = /[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/;

/** The words of a text as they are compared. */
export function wordsOf(text: string): string[] {
  const words = fold(text)
    .replace(/(?<=\p{L})n't(?!\p{L})/gu, " not")
    .replace(/'s(?!\p{L})/gu, "")
    .match(/[\p{L}\p{M}\p{N}]+/gu);
  return (words ?? []).flatMap((word) => (UNSPACED.test(word) ? pairsOf(word) : word));
}

function pairsOf(word: string): string[] {
  const signs = [...word];
  return signs.length === 1 ? signs : signs.slice(1).map((sign, index) => `${signs[index]}${sign}`);
}

/** Letters by which two forms of a word are alike: "lives" and "living". */
const STEM = 4;

/** Whether two words may be forms of one. */
export function areForms(a: string, b: string): boolean {
  if (a === b) return true;
  const shorter = Math.min(a.length, b.length);
  if (shorter < 3 || /\d/.test(a) || UNSPACED.test(a)) return false;
  const length = Math.min(STEM, shorter);
  return a.slice(0, length) === b.slice(0, length) || stemOf(a) === stemOf(b);
}

/** "live", "lives" and "living" without their ends. */
function stemOf(word: string): string {
  return word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/, "") : word.replace(/e$/, "");
}
