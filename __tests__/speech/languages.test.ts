import { expect, test } from "vitest";
import { readLanguage } from "#lib/speech/languages.ts";

test.each([
  ["en", "en"],
  ["EN", "en"],
  ["en-US", "en"],
  ["en_GB", "en"],
  ["english", "en"],
  ["eng", "en"],
  ["es", "es"],
  ["ES-419", "es"],
  ["fr-CA", "fr"],
  ["FR", "fr"],
  ["zh", "zh"],
  ["zh-Hans-CN", "zh"],
  ["cmn-CN", "zh"],
  ["ja", "ja"],
  ["JP", "ja"],
  ["jp", "ja"],
  ["ja-JP", "ja"],
  ["ko", "ko"],
  ["KR", "ko"],
  ["kr", "ko"],
  [" ko ", "ko"],
  ["de", undefined],
  ["", undefined],
  ["constructor", undefined],
  ["__proto__", undefined],
  ["enx", undefined],
])("the language %j is %s", (name, language) => {
  expect(readLanguage(name)).toBe(language);
});
