import { eachConcept } from "#lib/router/intent/concepts.ts";
import { shapeOf } from "#lib/router/intent/shape.ts";
import { isUnspaced, normalize, readParts, wordsOf } from "#lib/router/intent/text.ts";

/** Features are known by a hash of so many bits. */
const HASH_MASK = 0xff_ffff;
const MIN_GRAM = 3;
const MAX_GRAM = 5;
const MAX_GRAM_WORD = 16;
const MAX_UNSPACED_GRAM = 3;
/** Words at the beginning and at the end in which an ask is looked for. */
const OPENING_WORDS = 6;
const CLOSING_WORDS = 12;
/** Words whose order is looked at. */
const FORM_WORDS = 14;
/** Forms below it are concepts. */
const UNKNOWN_WORD = 1_000;

/** Kinds of features, with the length that all features of a kind have together. */
const GROUPS = {
  word: 1,
  pair: 0.7,
  gram: 1.5,
  opening: 1,
  concept: 1,
  concepts: 0.6,
  form: 0.5,
  shape: 0.7,
} as const;
type Group = keyof typeof GROUPS;

/** The features of a message by their hashes, with their values. */
export type Features = ReadonlyMap<number, number>;

/** The features of a message; a long one is judged by its beginning and its end. */
export function featuresOf(message: string): Features {
  const { head, tail } = readParts(message);
  const groups = new GroupedFeatures();
  const headWords = wordsOf(normalize(head)).map(wordOrNumber);
  const tailWords = tail === "" ? [] : wordsOf(normalize(tail)).map(wordOrNumber);
  addWords(headWords, groups);
  addWords(tailWords, groups);
  addOpening(headWords, groups);
  addConcepts(headWords, tailWords, groups);
  const text = tail === "" ? head : `${head}\n${tail}`;
  const words = lengthInWords(headWords) + lengthInWords(tailWords);
  for (const shape of shapeOf(text, tail === "" ? words : Number.POSITIVE_INFINITY))
    groups.add("shape", hash(shape));
  return groups.toFeatures();
}

class GroupedFeatures {
  readonly #hashes = new Map<Group, Set<number>>();

  add(group: Group, key: number): void {
    const hashes = this.#hashes.get(group);
    if (hashes === undefined) this.#hashes.set(group, new Set([key]));
    else hashes.add(key);
  }

  /** Every group has the same length for long messages and short ones. */
  toFeatures(): Features {
    const features = new Map<number, number>([[0, 1]]);
    for (const [group, hashes] of this.#hashes) {
      const value = GROUPS[group] / Math.sqrt(hashes.size);
      for (const key of hashes) features.set(mix(group, key), value);
    }
    return features;
  }
}

function addWords(words: readonly string[], groups: GroupedFeatures): void {
  let previous = 0;
  for (const word of words) {
    const own = hash(word);
    if (isUnspaced(word)) addUnspaced(word, groups);
    else {
      groups.add("word", own);
      addGrams(word, groups);
    }
    if (previous !== 0) groups.add("pair", combine(previous, own));
    previous = own;
  }
}

function addGrams(word: string, groups: GroupedFeatures): void {
  const bounded = `<${word.slice(0, MAX_GRAM_WORD)}>`;
  for (let size = MIN_GRAM; size <= MAX_GRAM; size++) {
    for (let from = 0; from + size <= bounded.length; from++)
      groups.add("gram", hash(bounded, from, from + size));
  }
}

function addUnspaced(word: string, groups: GroupedFeatures): void {
  for (let size = 1; size <= MAX_UNSPACED_GRAM; size++) {
    const group = size === 1 ? "gram" : "word";
    for (let from = 0; from + size <= word.length; from++) groups.add(group, hash(word, from, from + size));
  }
}

/** The first words, with their places: "what is", "write a". */
function addOpening(words: readonly string[], groups: GroupedFeatures): void {
  let opening = 1;
  for (const word of words.slice(0, 3)) {
    opening = combine(opening, hash(word.slice(0, MAX_GRAM_WORD)));
    groups.add("opening", opening);
  }
}

function addConcepts(head: readonly string[], tail: readonly string[], groups: GroupedFeatures): void {
  const counts = new Map<number, number>();
  const length = Math.min(4, Math.floor(Math.log2(1 + lengthInWords(head) / 4)));
  const forms = head.slice(0, FORM_WORDS).map(formOf);
  const note = (words: readonly string[], isTail: boolean): void => {
    eachConcept(words, (concept, at) => {
      counts.set(concept, (counts.get(concept) ?? 0) + 1);
      if (!isTail && at < forms.length && (forms[at] ?? 0) >= UNKNOWN_WORD) forms[at] = concept;
      if (!isTail && at < OPENING_WORDS) groups.add("concept", combine(2, concept));
      const isClosing = (isTail || tail.length === 0) && at >= words.length - CLOSING_WORDS;
      if (isClosing && words.length > CLOSING_WORDS) groups.add("concept", combine(3, concept));
    });
  };
  note(head, false);
  note(tail, true);
  addForms(forms, groups);
  const found = [...counts.keys()].sort((a, b) => a - b);
  for (const concept of found) {
    const times = counts.get(concept) ?? 0;
    groups.add("concept", combine(4, concept));
    if (times >= 2) groups.add("concept", combine(5, concept));
    if (times >= 4) groups.add("concept", combine(6, concept));
    groups.add("concepts", combine(7 + length, concept));
    for (const other of found) if (other > concept) groups.add("concepts", combine(100 + concept, other));
  }
  if (found.length === 0) groups.add("concept", 1);
}

/** What kind of word it is, until a concept is found for it: short words stand for themselves. */
function formOf(word: string): number {
  if (word.startsWith("#")) return UNKNOWN_WORD - 1;
  return word.length <= 3 && !isUnspaced(word)
    ? UNKNOWN_WORD + (hash(word) & 0xffffff)
    : UNKNOWN_WORD + 0x1000000;
}

/** Runs of words of which only the kinds count: "who is the <office> of <name>". */
function addForms(forms: readonly number[], groups: GroupedFeatures): void {
  let first = 1;
  let second = 2;
  for (const form of [...forms, 3]) {
    groups.add("form", combine(second, form));
    groups.add("form", combine(combine(first, second), form));
    first = second;
    second = form;
  }
}

/** How many words a text has; two characters count as one where there are no spaces. */
function lengthInWords(words: readonly string[]): number {
  let length = 0;
  for (const word of words) length += isUnspaced(word) ? word.length / 2 : 1;
  return length;
}

/** Numbers count by their length, years by their time. */
function wordOrNumber(word: string): string {
  const first = word.charCodeAt(0);
  if (first < 0x30 || first > 0x39 || !/^\d+$/.test(word)) return word;
  if (/^20[2-9]\d$/.test(word)) return "#new";
  return /^(?:1[5-9]|20)\d\d$/.test(word) ? "#year" : `#${Math.min(word.length, 5)}`;
}

/** FNV-1a of a part of a text. */
function hash(text: string, from = 0, to = text.length): number {
  let value = 0x811c9dc5;
  for (let at = from; at < to; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}

function combine(first: number, second: number): number {
  return Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) ^ (first >>> 15);
}

const GROUP_SEEDS = new Map(Object.keys(GROUPS).map((name, index) => [name, index + 1]));

/** A feature's hash within all groups; 0 is the constant feature. */
function mix(group: Group, key: number): number {
  let value = combine(GROUP_SEEDS.get(group) ?? 0, key);
  value = Math.imul(value ^ (value >>> 16), 0xc2b2ae35);
  return (value ^ (value >>> 13)) & HASH_MASK || 1;
}
