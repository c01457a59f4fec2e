import { languageOfText, SPEECH_LANGUAGES, type SpeechLanguage } from "#lib/shared/text-language.ts";

/**
 * The language to read a text in.
 * @param locale what the reader's browser speaks, as `fr-CA`: for a text that does not say.
 */
export function languageOf(text: string, locale: string): SpeechLanguage {
  return languageOfText(text) ?? ofLocale(locale) ?? "en";
}

function ofLocale(locale: string): SpeechLanguage | undefined {
  const [language] = locale.toLowerCase().split("-", 1);
  return SPEECH_LANGUAGES.find((known) => known === language);
}
