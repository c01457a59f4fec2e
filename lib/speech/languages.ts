import { SPEECH_LANGUAGES, type SpeechLanguage } from "#lib/speech/speech-request.ts";

/** What clients call languages beside their codes: country codes, codes of three letters, and the English names. */
const ALIASES: Readonly<Record<string, SpeechLanguage>> = {
  jp: "ja",
  kr: "ko",
  cn: "zh",
  eng: "en",
  spa: "es",
  fra: "fr",
  fre: "fr",
  zho: "zh",
  chi: "zh",
  cmn: "zh",
  jpn: "ja",
  kor: "ko",
  english: "en",
  spanish: "es",
  french: "fr",
  chinese: "zh",
  japanese: "ja",
  korean: "ko",
};

/** The language that a client names: `en`, `EN`, `en-US`, `zh_Hans`, `jp`. Undefined for one that is not spoken. */
export function readLanguage(name: string): SpeechLanguage | undefined {
  const [first = ""] = name.trim().toLowerCase().split(/[-_]/, 1);
  return SPEECH_LANGUAGES.find((language) => language === first) ?? aliasOf(first);
}

function aliasOf(name: string): SpeechLanguage | undefined {
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
}

const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const HAN = /\p{Script=Han}/gu;
const LATIN_WORD = /\p{Script=Latin}+/gu;

/** Frequent words that the other two languages do not have. */
const COMMON_WORDS: Readonly<Record<"en" | "es" | "fr", ReadonlySet<string>>> = {
  en: new Set(
    "the and is of to in it you that was for are with this have not be what your from they he she".split(" "),
  ),
  es: new Set(
    "el los las y es por una del que con está muy pero como para más hola gracias usted yo su lo al".split(
      " ",
    ),
  ),
  fr: new Set(
    "le les et est des une du que avec très mais pour dans vous nous je bonjour merci pas ce cette au il elle".split(
      " ",
    ),
  ),
};
const SPANISH_LETTERS = /[ñ¿¡áíóú]/gu;
const FRENCH_LETTERS = /[çœèêëîïôûùà]/gu;
/** A letter that the others do not write says as much as a common word. */
const MAX_READ = 4_000;

/**
 * The language of a text, for clients that cannot name it: by its script; Spanish and French by their frequent words
 * and letters. English if nothing tells.
 */
export function detectLanguage(text: string): SpeechLanguage {
  const start = text.slice(0, MAX_READ);
  const kana = count(start, KANA);
  const hangul = count(start, HANGUL);
  const han = count(start, HAN);
  const words = start.toLowerCase().match(LATIN_WORD) ?? [];
  // One character of these is about a word of Latin letters.
  if (Math.max(kana + han, hangul) > words.length) {
    if (hangul > kana + han) return "ko";
    return kana > 0 ? "ja" : "zh";
  }
  return latinLanguage(start.toLowerCase(), words);
}

function latinLanguage(text: string, words: readonly string[]): SpeechLanguage {
  const common = (language: "en" | "es" | "fr"): number =>
    words.filter((word) => COMMON_WORDS[language].has(word)).length;
  const english = common("en");
  const spanish = common("es") + count(text, SPANISH_LETTERS);
  const french = common("fr") + count(text, FRENCH_LETTERS);
  if (Math.max(spanish, french) <= english) return "en";
  return french > spanish ? "fr" : "es";
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
