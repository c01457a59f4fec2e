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

/** What two facts that say the same have in common: their letters and digits. The database compares alike. */
export function factKey(fact: string): string {
  const key = fact
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "");
  return key === "" ? fact : key;
}
