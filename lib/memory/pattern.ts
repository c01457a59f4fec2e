/**
 * Letters of the scripts in which the gate knows words, as ranges: the property `\p{L}` has six hundred, and the
 * patterns with it took most of a second to compile.
 */
const LETTERS =
  "a-zA-Z\\u00c0-\\u024f\\u0370-\\u03ff\\u0400-\\u052f\\u0590-\\u05ea\\u0620-\\u06d3\\u0900-\\u0963\\u0e01-\\u0e4e\\u1e00-\\u1eff\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7a3";
const UPPER = "A-Z\\u00c0-\\u00de\\u0391-\\u03a9\\u0410-\\u042f";
const LOWER = "a-z\\u00df-\\u00ff\\u03b1-\\u03c9\\u0430-\\u044f";

/** A regular expression in which `\p{L}`, `\p{Lu}` and `\p{Ll}` stand for these letters. */
export function pattern(source: string, flags = ""): RegExp {
  const plain = source
    .replaceAll("[\\p{L}", `[${LETTERS}`)
    .replaceAll("\\p{Lu}", `[${UPPER}]`)
    .replaceAll("\\p{Ll}", `[${LOWER}]`)
    .replaceAll("\\p{L}", `[${LETTERS}]`);
  return new RegExp(plain, flags);
}
