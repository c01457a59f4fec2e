import { stripInvisible } from "#lib/prompts/sanitize.ts";

/** The longest fact that a user may write, characters; the database has the same bound. */
export const MAX_FACT = 1_000;
/** Of a fact that a model has found. */
export const MAX_FOUND_FACT = 200;

/** A fact of the user as it is kept. */
export type KnownFact = { id: string; fact: string };

/** A fact as it is kept: one line, without invisible characters. Empty if nothing is left. */
export function cleanFact(text: string): string {
  return stripInvisible(text).replace(/\s+/g, " ").trim();
}

const MINUS = /(?<=^|\s)-(?=\p{N})/gu;
const NO_SIGN = "[^\\p{L}\\p{N}\\p{M}\\p{S}#%&@*/\\\\]+";
const BETWEEN_DIGITS = new RegExp(`(?<=\\p{N})${NO_SIGN}(?=\\p{N})`, "gu");
const ELSEWHERE = new RegExp(NO_SIGN, "gu");

/**
 * What two facts that say the same have in common: their letters, digits and signs. Where digits are apart they stay
 * apart: 1.5 is not 15. The database compares alike (`ai_memory_key`), and takes no two for one that differ here.
 */
export function factKey(fact: string): string {
  const key = fact
    .normalize("NFKC")
    .toLowerCase()
    .replace(MINUS, "\u2212")
    .replace(BETWEEN_DIGITS, "|")
    .replace(ELSEWHERE, "");
  return key === "" ? fact : key;
}
