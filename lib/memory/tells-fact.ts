import { FACT_PHRASES, HYPOTHETICAL, SELF_NAMED } from "#lib/memory/fact-phrases.ts";
import { fold } from "#lib/memory/fold.ts";
import { ownSentences } from "#lib/memory/own-words.ts";
import { pattern } from "#lib/memory/pattern.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** A longer sentence is read up to here, characters. */
const MAX_SENTENCE = 500;

/** Of each end of a message. */
const MAX_SENTENCES = 15;
/** Typed without an apostrophe. */
const BARE = /(?<![a-z])(?:(i)(m|ve)|(don|can)(t))(?![a-z])/g;

const hypothetical = lazy(() => pattern(HYPOTHETICAL));
const selfNamed = lazy(() => pattern(SELF_NAMED));
const groups = FACT_PHRASES.map(({ hint, phrases }) => ({
  hint: lazy(() => pattern(hint)),
  phrases: lazy(() => phrases.map((source) => pattern(source))),
}));

/**
 * Whether a message may tell something of its sender that lasts, so that a model is worth asking which. Most
 * messages do not, and cost nothing; linear in the length of the message, and bounded.
 */
export function tellsFact(message: string): boolean {
  const all = ownSentences(message);
  const sentences =
    all.length <= 2 * MAX_SENTENCES ? all : [...all.slice(0, MAX_SENTENCES), ...all.slice(-MAX_SENTENCES)];
  return sentences.some((whole) => {
    const sentence = whole.slice(0, MAX_SENTENCE);
    const folded = fold(sentence).replace(BARE, "$1$3'$2$4");
    if (hypothetical.value.test(folded)) return false;
    if (selfNamed.value.test(sentence)) return true;
    return groups.some(
      ({ hint, phrases }) => hint.value.test(folded) && phrases.value.some((phrase) => phrase.test(folded)),
    );
  });
}
