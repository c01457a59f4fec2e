import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import { Phrases } from "#lib/router/image-intent/words.ts";

/** How one language that puts verbs first asks for images. Each is a list of phrases, separated by `|`. */
export type GrammarSource = {
  language: ImageLanguage;
  /** The language has no articles: a picture is mentioned without one. */
  isArticleless?: boolean;
  /** May stand before the verb, as often as people write it: "please", "can you". */
  polite: string;
  /** Verbs whose object is a picture: "draw". */
  draw: string;
  /** The same, but part of the prompt, since they name a technique: "paint". */
  technique: string;
  /** Verbs that make a picture only if their object is one: "generate". */
  make: string;
  /** Wishes for a thing, which must not be a definite one: "show me", "I need". */
  want: string;
  /** Whom the picture is for. */
  forWhom: string;
  determiners: string;
  /** Adjectives that say nothing about what is to be seen: "nice". */
  bland: string;
  /** Pictures. */
  nouns: string;
  /** The same, if they say nothing of the technique, with what joins them to their object: "image of". */
  generic: string;
  /** What cannot stand between a verb and its object. */
  barriers: string;
  /** What ends a noun phrase, even where it is an object otherwise ("up", "on"). Without it, the barriers end it. */
  links?: string;
  /** "something", "anything". */
  anything: string;
  /** Objects of `draw` that are no pictures: "a conclusion", "a diagram". Anywhere in its noun phrase. */
  otherObjects: string;
  /** What makes a picture part of something else: "frame", in "picture frame". */
  compounds: string;
  /** What may follow without saying anything: "please", "for me". */
  closing: string;
};

export type Grammar = { language: ImageLanguage; isArticleless: boolean; hasLinks: boolean } & {
  readonly [Part in Exclude<keyof GrammarSource, "language" | "isArticleless">]-?: Phrases;
} & { readonly ends: Phrases };

export function grammar({ language, isArticleless = false, ...source }: GrammarSource): Grammar {
  return {
    language,
    isArticleless,
    hasLinks: source.links !== undefined,
    polite: new Phrases(source.polite),
    draw: new Phrases(source.draw),
    technique: new Phrases(source.technique),
    make: new Phrases(source.make),
    want: new Phrases(source.want),
    forWhom: new Phrases(source.forWhom),
    determiners: new Phrases(source.determiners),
    bland: new Phrases(source.bland),
    nouns: new Phrases(source.nouns),
    generic: new Phrases(source.generic),
    barriers: new Phrases(source.barriers),
    links: new Phrases(source.links ?? ""),
    ends: new Phrases(source.links ?? source.barriers),
    anything: new Phrases(source.anything),
    otherObjects: new Phrases(source.otherObjects),
    compounds: new Phrases(source.compounds),
    closing: new Phrases(source.closing),
  };
}
