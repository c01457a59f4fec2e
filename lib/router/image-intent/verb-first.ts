import type { Grammar } from "#lib/router/image-intent/grammar.ts";
import type { FoldedWords } from "#lib/router/image-intent/words.ts";

/** A wish for an image, in the words of one sentence. */
export type Wish = {
  /** The number of its first word that says what is to be seen; undefined if it does not say that. */
  subject: number | undefined;
};

/** Words between a verb and the picture that it is to make: "a small, old, black and white photo". */
const MAX_BETWEEN = 7;
/** Words of an object that are looked at. */
const MAX_OBJECT = 8;

/** What may stand before a picture that is to be made, although it cannot stand within its description. */
const DEFINITE = /^(?:the|my|our|this|der|die|das|den|les?|la|el|los|las|o|a|os|as|il|lo|i|gli|de|het)$/;

/** Whether a sentence of a language that puts its verbs first asks for an image. */
export function readVerbFirst(text: FoldedWords, grammar: Grammar): Wish | undefined {
  const at = skip(text, 0, grammar, ["polite"]);
  const drawn = grammar.draw.at(text, at);
  const technique = grammar.technique.at(text, at);
  if (drawn > 0) return readDrawn(text, at, drawn, grammar);
  // "Paint" is part of the prompt.
  if (technique > 0) return withSubject(readDrawn(text, at, technique, grammar), at);
  const made = grammar.make.at(text, at);
  if (made > 0) return readMade(text, at + made, grammar, true);
  const wanted = grammar.want.at(text, at);
  if (wanted > 0) return readMade(text, at + wanted, grammar, false);
  return undefined;
}

/** An object that is a picture whatever it is, unless it is a figure of speech or something that is written. */
function readDrawn(text: FoldedWords, verb: number, length: number, grammar: Grammar): Wish | undefined {
  const object = skip(text, verb + length, grammar, ["forWhom", "closing"]);
  const anything = grammar.anything.at(text, object);
  if (anything > 0 && isOver(text, object + anything, grammar)) return { subject: undefined };
  if (isOver(text, object, grammar)) return { subject: undefined };
  const head = skip(text, object, grammar, ["determiners", "bland"]);
  for (let word = object; word < object + MAX_OBJECT; word++) {
    if (word > head && grammar.links.at(text, word) > 0) break;
    if (grammar.otherObjects.at(text, word) > 0) return undefined;
    if (word > head && grammar.ends.at(text, word) > 0) break;
  }
  const picture = grammar.nouns.at(text, head);
  if (picture > 0 && grammar.compounds.at(text, head + picture) > 0) return undefined;
  if (picture > 0 && isOver(text, head + picture, grammar)) return { subject: undefined };
  return { subject: object + grammar.generic.at(text, object) };
}

/**
 * An object that must be a picture by its name.
 * @param mayBeDefinite "create the logo", but not "show me the logo".
 */
function readMade(
  text: FoldedWords,
  from: number,
  grammar: Grammar,
  mayBeDefinite: boolean,
): Wish | undefined {
  const object = skip(text, from, grammar, ["forWhom", "closing"]);
  const named = skip(text, object, grammar, ["determiners"]);
  const hasDeterminer = named > object;
  if (!mayBeDefinite && !hasDeterminer && grammar.nouns.at(text, object) === 0) return undefined;
  // Without a determiner ("money selling art"), at most one word may stand before the picture.
  const until = named + (hasDeterminer ? MAX_BETWEEN : 2);
  for (let word = named; word < until; word++) {
    const picture = grammar.nouns.at(text, word);
    if (picture > 0) {
      // "Make the image responsive", "make art accessible": something else is to be done.
      const isPlain = grammar.hasLinks
        ? endsPhrase(text, word + picture, grammar)
        : hasDeterminer || grammar.isArticleless || endsPhrase(text, word + picture, grammar);
      return isPlain ? readPicture(text, { object, named, word, picture }, grammar) : undefined;
    }
    const isDefinite = mayBeDefinite && word === named && DEFINITE.test(text.words[word]?.folded ?? "");
    if (grammar.barriers.at(text, word) > 0 && !isDefinite) return undefined;
  }
  return undefined;
}

function readPicture(
  text: FoldedWords,
  { object, named, word, picture }: { object: number; named: number; word: number; picture: number },
  grammar: Grammar,
): Wish | undefined {
  const behind = word + picture;
  if (grammar.compounds.at(text, behind) > 0) return undefined;
  if (grammar.otherObjects.at(text, behind) > 0 && grammar.barriers.at(text, behind) === 0) return undefined;
  const saysNothing = skip(text, named, grammar, ["bland", "barriers"]) === word;
  if (isOver(text, behind, grammar)) return { subject: saysNothing ? undefined : object };
  return { subject: object + grammar.generic.at(text, object) };
}

function endsPhrase(text: FoldedWords, at: number, grammar: Grammar): boolean {
  const isMarked = /[,:;.–—-]$/.test(text.words[at - 1]?.written ?? "");
  return (
    isMarked ||
    isOver(text, at, grammar) ||
    grammar.links.at(text, at) > 0 ||
    grammar.barriers.at(text, at) > 0
  );
}

/** Nothing more is said: the end, or "please". */
function isOver(text: FoldedWords, from: number, grammar: Grammar): boolean {
  return skip(text, from, grammar, ["closing", "forWhom"]) >= text.words.length;
}

type Skippable = "polite" | "forWhom" | "closing" | "determiners" | "bland" | "barriers";

function skip(text: FoldedWords, from: number, grammar: Grammar, parts: readonly Skippable[]): number {
  let at = from;
  for (let length = 1; length > 0; at += length) {
    length = 0;
    for (const part of parts) length ||= grammar[part].at(text, at);
  }
  return at;
}

function withSubject(wish: Wish | undefined, subject: number): Wish | undefined {
  return wish?.subject === undefined ? wish : { subject };
}
