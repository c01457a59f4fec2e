import { fold } from "#lib/tools/text/fold.ts";
import { INDOORS, VOCABULARY, WITH_AND } from "#lib/tools/weather/vocabulary.ts";
import type { Word } from "#lib/tools/weather/words.ts";

const MAX_PLACE_WORDS = 5;
const MAX_QUALIFIER_WORDS = 3;
const AND = new Set([
  "and",
  "or",
  "und",
  "oder",
  "et",
  "ou",
  "y",
  "o",
  "e",
  "и",
  "или",
  "와",
  "과",
  "और",
  "و",
  "ve",
  "en",
  "、",
]);
/** Articles that names of places begin with. */
const ARTICLES = new Set(["la", "le", "les", "los", "las", "el", "the", "den", "al", "san", "o", "os"]);
/** Small words within names: Rio de Janeiro, Stratford upon Avon, Frankfurt am Main. */
const WITHIN = new Set([
  "de",
  "do",
  "da",
  "du",
  "des",
  "del",
  "di",
  "am",
  "an",
  "der",
  "upon",
  "sur",
  "la",
  "les",
  "le",
  "of",
  "in",
]);

/** Words of names that mean something else, too: only beside another word of a name. */
const NAME_BEFORE = new Set(["north", "south", "east", "west", "ciudad", "cidade"]);
const NAME_AFTER = new Set(["city", "town", "area", "country", "island", "islands"]);
/** Prepositions of some languages that are articles or nouns of others: a capital must follow. */
const UNSURE = new Set(["a", "no", "na", "de", "em", "per", "di", "to"]);

export type FoundPlaces = {
  places: string[];
  /** The words that belong to them. */
  used: ReadonlySet<number>;
};

/** The places behind prepositions: `in Paris, Texas and Lyon`. */
export function placesBehind(words: readonly Word[]): FoundPlaces {
  const { before } = VOCABULARY.value;
  const used = new Set<number>();
  const places: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const preposition = words[at]?.folded ?? "";
    if (used.has(at) || !before.has(preposition)) continue;
    if (UNSURE.has(preposition) && !isCapital(words[at + 1])) continue;
    let next = at + 1;
    for (let found = placeAt(words, next); found !== undefined; found = placeAt(words, next)) {
      places.push(found.name);
      for (let place = next; place < found.end; place++) used.add(place);
      next = found.end + 1;
      if (!AND.has(words[found.end]?.folded ?? "")) break;
      if (before.has(words[next]?.folded ?? "")) break;
    }
  }
  return { places, used };
}

type Place = { name: string; end: number };

function placeAt(words: readonly Word[], start: number): Place | undefined {
  const end = nameEnd(words, start, MAX_PLACE_WORDS);
  if (end === undefined || INDOORS.has(words[end]?.folded ?? "")) return undefined;
  const name = textOf(words, start, end);
  const other = nameEnd(words, end + 1, MAX_PLACE_WORDS);
  if (other !== undefined && AND.has(words[end]?.folded ?? "")) {
    const joined = textOf(words, start, other);
    if (WITH_AND.has(fold(joined))) return { name: joined, end: other };
  }
  if (words[end]?.raw !== ",") return { name, end };
  const behind = nameEnd(words, end + 1, MAX_QUALIFIER_WORDS);
  if (behind === undefined || !isQualifier(words, end + 1, behind)) return { name, end };
  return { name: `${name}, ${textOf(words, end + 1, behind)}`, end: behind };
}

/** A country or state behind a comma begins with a capital, or is the last of the sentence, or a time follows. */
function isQualifier(words: readonly Word[], start: number, end: number): boolean {
  const first = words[start]?.raw ?? "";
  const next = words[end];
  return first !== first.toLowerCase() || next === undefined || VOCABULARY.value.time.has(next.folded);
}

/** Where the name that begins here ends; undefined if none does. */
function nameEnd(words: readonly Word[], start: number, maxWords: number): number | undefined {
  let end = start;
  const first = words[start]?.folded ?? "";
  if ((ARTICLES.has(first) || NAME_BEFORE.has(first)) && words[start + 1]?.isUnknown === true) end++;
  else if (NAME_BEFORE.has(first) && isWithin(words, start + 1)) end++;
  while (end - start <= maxWords) {
    const word = words[end];
    if (word?.isUnknown === true) end++;
    else if (end > start && isPartOfName(words, end)) end++;
    else break;
  }
  return end === start || end - start > maxWords ? undefined : end;
}

/** `New York City`, `Springfield IL`, `Rio de Janeiro`. */
function isPartOfName(words: readonly Word[], at: number): boolean {
  const word = words[at];
  if (word === undefined) return false;
  if (NAME_AFTER.has(word.folded)) return true;
  return /^[A-Z]{2,3}$/.test(word.raw) ? isCapital(words[at - 1]) : isWithin(words, at);
}

const isCapital = (word: Word | undefined): boolean => word !== undefined && /^\p{Lu}/u.test(word.raw);

/** A small word between two capitalised ones: Rio de Janeiro. */
function isWithin(words: readonly Word[], at: number): boolean {
  const next = words[at + 1];
  const skip = ARTICLES.has(next?.folded ?? "") ? words[at + 2] : next;
  return (
    WITHIN.has(words[at]?.folded ?? "") &&
    words[at]?.folded !== "in" &&
    isCapital(words[at - 1]) &&
    isCapital(skip)
  );
}

const textOf = (words: readonly Word[], start: number, end: number): string =>
  words
    .slice(start, end)
    .map(({ raw }) => raw)
    .join(" ")
    .replaceAll(" ,", ",")
    .replace(/^(?:the|os?) /i, "");

/** A place without a preposition: all that is left of a short sentence, in one piece. */
export function leftOver(words: readonly Word[]): FoundPlaces {
  const none = { places: [], used: new Set<number>() };
  const places: string[] = [];
  const used = new Set<number>();
  for (let at = 0; at < words.length; at++) {
    if (words[at]?.isUnknown !== true) continue;
    const found = placeAt(words, at);
    if (found === undefined) return none;
    places.push(found.name);
    for (let place = at; place < found.end; place++) used.add(place);
    at = found.end - 1;
  }
  // Two names that nothing joins are hardly two places.
  const isJoined = places.length < 2 || words.some(({ folded, raw }) => AND.has(folded) || raw === ",");
  return isJoined ? { places, used } : none;
}
