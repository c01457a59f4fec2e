import type { KnownFact } from "#lib/memory/fact.ts";
import { wordsOf } from "#lib/memory/fold.ts";
import { contentWords } from "#lib/memory/grounds.ts";
import { areInflections } from "#lib/memory/inflection.ts";

/** Words of the wish itself, which are in no fact. */
const WISH_WORDS = new Set(
  (
    "please pls forget forgets about fact remember remembering stop delete remove erase drop wipe clear memory memories anymore " +
    "longer again more can could would you your now want like'd still ever once told said everything " +
    "vergiss bitte vergessen losche dass oublie oubliez que olvida borra favor esqueca dimentica che vergeet dat glom att glem at " +
    "m ve d j ai remembering storing forgetting what where said told keep store save " +
    "bitte meinen meiner meines meinem unser wo uber gesagt vergessen nous notre nos ou sur dit moi tengo soy nuestro nuestra donde " +
    "tenho sou minhas meus ho miei mie onde dove heb waar var hvor wij jestem mam moj moja moje moim mojej nie gdzie " +
    "я мы мой моя мое мои мою моей моем меня мне где у benim unut " +
    "zapomnij ze забудь что пожалуйста lupakan bahwa"
  ).split(" "),
);
/** A fact that begins with one is about somebody else. */
const OTHERS = new Set(
  (
    "wife husband partner spouse girlfriend boyfriend son sons daughter daughters kids children brother brothers sister sisters mother " +
    "mom mum father dad parents grandmother grandfather boss friend dog cat " +
    "frau mann sohn tochter kinder bruder schwester mutter vater eltern femme mari fils fille frere soeur mere pere parents " +
    "esposa esposo marido hijo hija hermano hermana madre padre padres filho filha irmao irma mae pai moglie marito figlio figlia"
  ).split(" "),
);
const NEGATIONS = new Set(
  "not no never none without nicht kein keine keinen ne pas sin nunca nao non mai niet geen inte ikke nie не нет".split(
    " ",
  ),
);

/**
 * The facts that a wish to forget means beyond doubt: those that contain every word of it that says something.
 * None if the wish says nothing by itself, or says it in another language than the facts.
 */
export function factsMeant(what: string, known: readonly KnownFact[]): KnownFact[] {
  const words = contentWords(what).filter((word) => !WISH_WORDS.has(word) && !NEGATIONS.has(word));
  if (words.length === 0) return [];
  const isNegative = hasNegation(what);
  return known.filter(({ fact }) => {
    const said = wordsOf(fact);
    const hasAll = words.every((word) => said.some((other) => areInflections(word, other)));
    const subject = said[0] ?? "";
    const isOfOther = OTHERS.has(subject) && !words.some((word) => areInflections(word, subject));
    return hasAll && !isOfOther && hasNegation(fact) === isNegative;
  });
}

function hasNegation(text: string): boolean {
  return wordsOf(text).some((word) => NEGATIONS.has(word));
}
