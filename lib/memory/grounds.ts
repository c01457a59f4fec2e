import { areForms, wordsOf } from "#lib/memory/fold.ts";

/** Words that say nothing by themselves, folded. */
const EMPTY_WORDS = new Set(
  (
    "a an the i me my mine we us our you your he she it its they them their is am are was were be been being do does did has have had " +
    "not no and or but of in on at to for from with by as that this these those there here so very also too just now " +
    "user users who which what where when how than then into about name named prefers likes " +
    "der die das ein eine ist bin bist hat habe mein meine ich und oder in im am zu von mit als " +
    "le la les un une est suis je mon ma mes et ou de du des en au a el los las es soy mi mis yo y o con por " +
    "il lo gli sono e di che uno mio mia eu sou meu minha do da no na het een ik ben mijn en van " +
    "jag ar min mitt och jeg er mit"
  ).split(" "),
);

/** The words of a text that say something. */
export function contentWords(text: string): string[] {
  return wordsOf(text).filter((word) => !EMPTY_WORDS.has(word));
}

/** Of a fact with so many words that say something, a quarter must have been said. */
const LONG_FACT = 6;

/**
 * Whether a fact can come from this message: they share a word that says something, a long fact several. A model
 * that invents, recites its instructions or answers something else has little in common with the message.
 */
export function isGrounded(fact: string, message: string): boolean {
  const said = wordsOf(message);
  const words = contentWords(fact);
  const shared = words.filter((word) => said.some((other) => areForms(word, other))).length;
  return shared > 0 && (words.length < LONG_FACT || shared * 4 >= words.length);
}
