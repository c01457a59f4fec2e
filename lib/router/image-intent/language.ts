/** The languages in which wishes for images are understood and answered. */
export type ImageLanguage =
  | "en"
  | "de"
  | "fr"
  | "es"
  | "pt"
  | "it"
  | "nl"
  | "pl"
  | "ru"
  | "tr"
  | "ar"
  | "hi"
  | "zh"
  | "ja"
  | "ko";
