/** Digits of Arabic, Persian and Devanagari, which NFKC leaves as they are. */
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/g;
/** Accents of Latin and Cyrillic; not the vowel signs of Indic scripts, which are letters to a reader. */
const ACCENTS = /[\u0300-\u036f]/g;

const IS_ASCII = /^[\x20-\x7e]*$/;

/** Full-width forms, ligatures and other digits as their plain characters. */
export function plainForm(text: string): string {
  return text
    .normalize("NFKC")
    .replace(OTHER_DIGITS, (digit) => String((digit.charCodeAt(0) - zeroOf(digit)) % 10));
}

function zeroOf(digit: string): number {
  if (digit >= "\u0966") return 0x966;
  return digit >= "\u06f0" ? 0x6f0 : 0x660;
}

/** A word as it is compared: lower case, without accents, `ı` as `i`. */
export function fold(text: string): string {
  if (IS_ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replace(ACCENTS, "")
    .normalize("NFC")
    .replaceAll("ı", "i");
}

/** Words that are compared folded. A word that ends in `*` stands for all that begin with it. */
export type Words = { has(folded: string): boolean };

/** The words of a text, separated by white space, as a set. */
export function wordsOf(text: string): Words {
  const whole = new Set<string>();
  const stems = new Set<string>();
  for (const word of fold(text).split(/\s+/)) {
    if (word.endsWith("*")) stems.add(word.slice(0, -1));
    else whole.add(word);
  }
  const longest = Math.max(0, ...[...stems].map(({ length }) => length));
  return {
    has: (folded) => {
      if (whole.has(folded)) return true;
      for (let length = Math.min(longest, folded.length); length > 1; length--) {
        if (stems.has(folded.slice(0, length))) return true;
      }
      return false;
    },
  };
}
