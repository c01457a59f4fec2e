const RAISED: Readonly<Record<string, string>> = {
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
  "+": "⁺",
  "-": "⁻",
  "−": "⁻",
  "–": "⁻",
  "=": "⁼",
  "(": "⁽",
  ")": "⁾",
};
/** Exponents and marks of notes. Letters, as in `1st`, read well as they are. */
const EXPONENT = /^[\d+\-−–=(), ]*\d[\d+\-−–=(), ]*$/;

/** Raised text: an exponent that stands on the line would be another number, `10³` `103`. */
export function superscript(text: string): string {
  return EXPONENT.test(text) ? Array.from(text, (sign) => RAISED[sign] ?? sign).join("") : text;
}
