const ROMAN: readonly (readonly [value: number, sign: string])[] = [
  [1000, "m"],
  [900, "cm"],
  [500, "d"],
  [400, "cd"],
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
];
/** Larger numbers are written with digits. */
const MAX_ROMAN = 3_999;
const MAX_LETTERS = 26 * 30;

/** A number of a list in its format. Formats of other scripts are written with digits. */
export function formatCount(count: number, format: string): string {
  switch (format) {
    case "lowerRoman":
      return roman(count);
    case "upperRoman":
      return roman(count).toUpperCase();
    case "lowerLetter":
      return letters(count);
    case "upperLetter":
      return letters(count).toUpperCase();
    case "decimalZero":
      return String(count).padStart(2, "0");
    case "none":
      return "";
    default:
      return String(count);
  }
}

function roman(count: number): string {
  if (count < 1 || count > MAX_ROMAN) return String(count);
  let rest = count;
  let text = "";
  for (const [value, sign] of ROMAN) {
    for (; rest >= value; rest -= value) text += sign;
  }
  return text;
}

/** a to z, then aa to zz: the same letter more often. */
function letters(count: number): string {
  if (count < 1 || count > MAX_LETTERS) return String(count);
  return String.fromCharCode(97 + ((count - 1) % 26)).repeat(Math.ceil(count / 26));
}
