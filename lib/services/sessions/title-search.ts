/**
 * Diacritical marks of Latin, Greek, Cyrillic, Arabic and Hebrew, which people leave out when they search. The two of
 * Japanese make other letters, and so do the vowel signs of Indic scripts.
 */
const MARKS = /[\p{Script=Inherited}--[\u3099\u309a]]|[\p{Script=Hebrew}&&\p{Mn}]/gv;

/** Letters with a stroke, and ligatures, which Unicode does not take apart. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  Æ: "AE",
  Ð: "D",
  Ø: "O",
  Þ: "TH",
  Đ: "D",
  Ħ: "H",
  Ł: "L",
  Œ: "OE",
  Ŧ: "T",
};
const STROKES = new RegExp(`[${Object.keys(PLAIN_LETTERS).join("")}]`, "g");

/**
 * A test whether a title contains a text, without regard to case, accents, and the width of white space; no
 * character has a special meaning. Everything contains a blank text. Linear in the lengths of both.
 */
export function titleMatcher(search: string): (title: string) => boolean {
  const wanted = folded(search);
  return (title) => folded(title).includes(wanted);
}

function folded(text: string): string {
  return (
    text
      .normalize("NFKD")
      .replace(MARKS, "")
      // What is left belongs together: が is no か.
      .normalize("NFC")
      // To upper case: it has one sigma, and SS for ß.
      .toUpperCase()
      .replace(STROKES, (letter) => PLAIN_LETTERS[letter] ?? letter)
      .replace(/\s+/g, " ")
      .trim()
  );
}
