/** The languages that can be spoken, as ISO 639-1 has them. */
export const SPEECH_LANGUAGES = ["en", "es", "fr", "zh", "ja", "ko"] as const;
export type SpeechLanguage = (typeof SPEECH_LANGUAGES)[number];

/** The beginning of a text says what it is written in, UTF-16 units. */
const MAX_READ = 4_000;
/** Of a text in Chinese characters, the share of kana from which on it is Japanese. */
const MIN_KANA_SHARE = 0.05;

const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const HAN = /\p{Script=Han}/gu;
const LATIN_WORD = /\p{Script=Latin}+/gu;

type LatinLanguage = "en" | "es" | "fr";

/** Frequent words that the other two languages do not have. */
const COMMON_WORDS: Readonly<Record<LatinLanguage, ReadonlySet<string>>> = {
  en: wordsOf(
    "the and is of to in it you that was for are with this have not be what your from they he she but its",
  ),
  es: wordsOf(
    "el los las y una del que con está muy pero como para más hola gracias usted yo su lo al por se",
  ),
  fr: wordsOf(
    "le les et est des une du avec très mais pour dans vous nous je bonjour merci pas ce cette au il elle sur plus",
  ),
};
/** A letter that the others do not write says as much as a common word. */
const OWN_LETTERS: Readonly<Partial<Record<LatinLanguage, RegExp>>> = {
  es: /[ñ¿¡áíóú]/gu,
  fr: /[çœèêëîïôûùà]/gu,
};

/**
 * The language of a text, for clients that do not name it: by its script; English, Spanish and French by their
 * frequent words and letters. Undefined if nothing tells.
 */
export function languageOfText(text: string): SpeechLanguage | undefined {
  const start = text.slice(0, MAX_READ);
  const kana = count(start, KANA);
  const hangul = count(start, HANGUL);
  const chinese = kana + count(start, HAN);
  const words = start.toLowerCase().match(LATIN_WORD) ?? [];
  // One character of these is about a word of Latin letters.
  if (Math.max(chinese, hangul) <= words.length) return latinLanguage(start.toLowerCase(), words);
  if (hangul > chinese) return "ko";
  return kana > chinese * MIN_KANA_SHARE ? "ja" : "zh";
}

function latinLanguage(text: string, words: readonly string[]): LatinLanguage | undefined {
  const scores = (["en", "es", "fr"] as const).map((language) => {
    const letters = OWN_LETTERS[language];
    const common = words.filter((word) => COMMON_WORDS[language].has(word)).length;
    return { language, score: common + (letters === undefined ? 0 : count(text, letters)) };
  });
  const [first, second] = scores.toSorted((a, b) => b.score - a.score);
  return first !== undefined && first.score > (second?.score ?? 0) ? first.language : undefined;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
