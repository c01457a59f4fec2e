/** The languages in which wishes for images are understood. */
export const IMAGE_LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "pt",
  "it",
  "nl",
  "pl",
  "ru",
  "tr",
  "ar",
  "hi",
  "zh",
  "ja",
  "ko",
] as const;
export type ImageLanguage = (typeof IMAGE_LANGUAGES)[number];
