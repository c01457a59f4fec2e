/** The languages that `POST /api/v1/tts` speaks. */
export type SpeechLanguage = "en" | "es" | "fr" | "zh" | "ja" | "ko";

const LANGUAGES: readonly string[] = ["en", "es", "fr", "zh", "ja", "ko"];
/** A script that has this share of the letters is the text's own. */
const MIN_SHARE = 0.2;
/** Of a text in Chinese characters, the share of kana from which on it is Japanese. */
const MIN_KANA_SHARE = 0.05;
/** The beginning of a text says what it is written in, UTF-16 units. */
const MAX_LENGTH = 4_000;

/** Short words that stand in almost every sentence of a language, and seldom in the others. */
const COMMON_WORDS = {
  en: new Set("the and of to is that it for with you this are was be not".split(" ")),
  es: new Set("el los las una y que del por con para es está no se lo como más pero su".split(" ")),
  fr: new Set("le les des une et est que du pour avec dans pas vous ce il sur plus au".split(" ")),
} as const;

/**
 * The language to read a text in, by its script and its common words.
 * @param locale what the reader's browser speaks, as `fr-CA`: for a text that does not say.
 */
export function languageOf(text: string, locale: string): SpeechLanguage {
  const start = text.slice(0, MAX_LENGTH);
  const letters = countOf(start, /\p{L}/gu);
  const [hangul, kana, han] = [
    countOf(start, /\p{Script=Hangul}/gu),
    countOf(start, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu),
    countOf(start, /\p{Script=Han}/gu),
  ];
  if (hangul > letters * MIN_SHARE) return "ko";
  if (kana + han > letters * MIN_SHARE) return kana > (kana + han) * MIN_KANA_SHARE ? "ja" : "zh";
  return byWords(start) ?? ofLocale(locale) ?? "en";
}

function byWords(text: string): SpeechLanguage | undefined {
  const counts = { en: 0, es: 0, fr: 0 };
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    if (COMMON_WORDS.en.has(word)) counts.en++;
    if (COMMON_WORDS.es.has(word)) counts.es++;
    if (COMMON_WORDS.fr.has(word)) counts.fr++;
  }
  const best = (["en", "es", "fr"] as const).toSorted((a, b) => counts[b] - counts[a]);
  const [first = "en", second = "en"] = best;
  return counts[first] > counts[second] ? first : undefined;
}

function ofLocale(locale: string): SpeechLanguage | undefined {
  const language = locale.toLowerCase().split("-")[0] ?? "";
  return LANGUAGES.includes(language) ? (language as SpeechLanguage) : undefined;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
