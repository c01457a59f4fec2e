import { editDistance } from "#lib/shared/edit-distance.ts";

/** Names that are told. */
const MAX_NEAR = 3;
/** Candidates that are compared word by word. */
const MAX_COMPARED = 200;
/** Less of a name in common is a coincidence. */
const MIN_SIMILARITY = 0.5;
/** What a word weighs, beside 1 for a number: another version is nearer than another family. */
const WORD_WEIGHT = 3;
/** What two numbers have in common that differ behind the point. */
const SAME_MAJOR = 0.6;
/** Words that say how a model is served or trained, not which one it is. They weigh as much as a number. */
const QUALIFIERS: ReadonlySet<string> = new Set(
  "preview latest instruct versatile instant chat exp experimental beta free it turbo".split(" "),
);
/** Shorter words have no misspellings, characters. */
const MIN_FUZZY = 4;

type Candidate = { name: string; words: readonly string[] };

/** Finds the names of a list that are most like a name that it lacks. Reads the list once. */
export class NearNames {
  readonly #byWord = new Map<string, Candidate[]>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const candidate = { name, words: wordsOf(name) };
      for (const word of new Set(candidate.words)) {
        const others = this.#byWord.get(word);
        if (others === undefined) this.#byWord.set(word, [candidate]);
        else others.push(candidate);
      }
    }
  }

  /** The nearest first, at most three. */
  to(name: string): string[] {
    const words = wordsOf(name);
    return this.#sharing(words)
      .map((candidate) => ({ candidate, similarity: similarityOf(words, candidate.words) }))
      .filter(({ similarity }) => similarity >= MIN_SIMILARITY)
      .sort((a, b) => b.similarity - a.similarity || compareVersions(b.candidate, a.candidate))
      .slice(0, MAX_NEAR)
      .map(({ candidate }) => candidate.name);
  }

  /** Those that share the most words. */
  #sharing(words: readonly string[]): Candidate[] {
    const shared = new Map<Candidate, number>();
    for (const word of new Set(words)) {
      for (const candidate of this.#byWord.get(word) ?? []) {
        shared.set(candidate, (shared.get(candidate) ?? 0) + weightOf(word));
      }
    }
    return [...shared]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_COMPARED)
      .map(([candidate]) => candidate);
  }
}

/** The words and numbers of a name: `Meta-Llama-3.3-70B` is meta, llama, 3.3, 70, b. */
function wordsOf(name: string): string[] {
  return name.toLowerCase().match(/[a-z]+|\d+(?:\.\d+)*/g) ?? [];
}

function weightOf(word: string): number {
  return word.length > 1 && !isNumber(word) && !QUALIFIERS.has(word) ? WORD_WEIGHT : 1;
}

function isNumber(word: string): boolean {
  return /^\d/.test(word);
}

/** From 0, nothing in common, to 1: the share of both names that is in both. */
function similarityOf(wanted: readonly string[], offered: readonly string[]): number {
  const rest = [...offered];
  let common = 0;
  for (const word of wanted) {
    const at = rest.findIndex((other) => isSame(word, other));
    if (at === -1) {
      if (isNumber(word) && rest.some((other) => haveSameMajor(word, other))) common += SAME_MAJOR;
      continue;
    }
    rest.splice(at, 1);
    common += weightOf(word);
  }
  const all = sum(wanted) + sum(offered);
  return all === 0 ? 0 : (2 * common) / all;
}

/** A letter may be wrong, a number not. */
function isSame(word: string, other: string): boolean {
  if (word === other) return true;
  if (word.length < MIN_FUZZY || other.length < MIN_FUZZY || isNumber(word) || isNumber(other)) return false;
  return editDistance(word, other, 1) <= 1;
}

function haveSameMajor(number: string, other: string): boolean {
  return isNumber(other) && Math.trunc(Number.parseFloat(number)) === Math.trunc(Number.parseFloat(other));
}

function sum(words: readonly string[]): number {
  return words.reduce((total, word) => total + weightOf(word), 0);
}

/** By their numbers from left to right; the shorter name first if those are the same. */
function compareVersions(a: Candidate, b: Candidate): number {
  const [left, right] = [a.words.filter(isNumber), b.words.filter(isNumber)];
  for (const [at, number] of left.entries()) {
    const difference = Number.parseFloat(number) - Number.parseFloat(right[at] ?? "0");
    if (difference !== 0) return difference;
  }
  return b.name.length - a.name.length;
}
