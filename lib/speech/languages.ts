import { SPEECH_LANGUAGES, type SpeechLanguage } from "#lib/shared/text-language.ts";

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
