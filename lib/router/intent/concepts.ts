import { CODE_WORDS } from "#lib/router/intent/lexicon/code.ts";
import { FACT_WORDS } from "#lib/router/intent/lexicon/facts.ts";
import { LIVE_WORDS } from "#lib/router/intent/lexicon/live.ts";
import { PROBLEM_WORDS } from "#lib/router/intent/lexicon/problems.ts";
import { TOPIC_WORDS } from "#lib/router/intent/lexicon/topics.ts";
import { WRITING_WORDS } from "#lib/router/intent/lexicon/writing.ts";
import { isUnspaced, normalize, wordsOf } from "#lib/router/intent/text.ts";
import { lazy } from "#lib/shared/lazy.ts";

const CONCEPT_WORDS = {
  ...CODE_WORDS,
  ...PROBLEM_WORDS,
  ...LIVE_WORDS,
  ...FACT_WORDS,
  ...WRITING_WORDS,
  ...TOPIC_WORDS,
};
const MAX_PHRASE_WORDS = 3;
const MIN_STEM = 2;
const MAX_STEM = 14;
/** The longest entry of a language without spaces, characters. */
const MAX_UNSPACED = 6;

type Lexicon = {
  /** By word, or by the words of a phrase with a space between them. */
  words: ReadonlyMap<string, readonly number[]>;
  stems: ReadonlyMap<string, readonly number[]>;
  /** The first words of phrases. */
  phraseStarts: ReadonlySet<string>;
};

/** Calls `found` for each concept that a word, or a phrase that begins with it, belongs to. */
export function eachConcept(words: readonly string[], found: (concept: number, at: number) => void): void {
  const lexicon = lexiconOnce.value;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const report = (concepts: readonly number[] | undefined): void => {
      if (concepts !== undefined) for (const concept of concepts) found(concept, at);
    };
    if (isUnspaced(word)) reportParts(word, lexicon, report);
    else {
      for (const form of formsOf(word)) report(lexicon.words.get(form));
      for (let size = MIN_STEM; size <= Math.min(word.length, MAX_STEM); size++) {
        report(lexicon.stems.get(word.slice(0, size)));
      }
    }
    if (!lexicon.phraseStarts.has(word)) continue;
    let phrase = word;
    for (let size = 2; size <= MAX_PHRASE_WORDS && at + size <= words.length; size++) {
      phrase += ` ${words[at + size - 1]}`;
      report(lexicon.words.get(phrase));
    }
  }
}

function reportParts(
  word: string,
  lexicon: Lexicon,
  report: (concepts: readonly number[] | undefined) => void,
): void {
  for (let from = 0; from < word.length; from++) {
    for (let size = 1; size <= MAX_UNSPACED && from + size <= word.length; size++) {
      report(lexicon.words.get(word.slice(from, from + size)));
    }
  }
}

/** A word as it is written, and without what its language joins to it. */
function formsOf(word: string): string[] {
  const code = word.charCodeAt(0);
  if (code >= 0x0600 && code <= 0x06ff) {
    const bare = word.replace(/^[وف]?[بكل]?(?:ال|لل)?/, "");
    return bare === word || bare.length < 2 ? [word] : [word, bare];
  }
  if (code >= 0xac00 && code <= 0xd7a3) {
    const forms = [word];
    for (let size = 2; size < Math.min(word.length, 6); size++) forms.push(word.slice(0, size));
    return forms;
  }
  return [word];
}

const lexiconOnce = lazy((): Lexicon => {
  const words = new Map<string, number[]>();
  const stems = new Map<string, number[]>();
  const phraseStarts = new Set<string>();
  const put = (map: Map<string, number[]>, key: string, concept: number): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [concept]);
    else if (!known.includes(concept)) known.push(concept);
  };
  Object.values(CONCEPT_WORDS).forEach((text, concept) => {
    for (const entry of text.split(/\s+/)) {
      const parts = wordsOf(normalize(entry.replaceAll("_", " ")));
      const [first] = parts;
      if (first === undefined) continue;
      const isStem = entry.endsWith("*");
      if (isStem && parts.length === 1) put(stems, first, concept);
      else put(words, parts.join(" "), concept);
      if (isStem && parts.length > 1) put(words, `${parts.join(" ")}s`, concept);
      if (parts.length > 1) phraseStarts.add(first);
    }
  });
  return { words, stems, phraseStarts };
});
