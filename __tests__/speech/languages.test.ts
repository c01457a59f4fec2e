import { expect, test } from "vitest";
import { detectLanguage, readLanguage } from "#lib/speech/languages.ts";

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

test.each([
  ["The quick brown fox jumps over the lazy dog.", "en"],
  ["hi", "en"],
  ["", "en"],
  ["12345", "en"],
  ["Hola, ¿cómo está usted? Gracias por venir.", "es"],
  ["El perro corre por la calle con los niños.", "es"],
  ["Bonjour, comment allez-vous ? Merci pour votre aide.", "fr"],
  ["Le chat est dans la maison avec les enfants.", "fr"],
  ["你好，今天天气很好。", "zh"],
  ["今日は天気がいいですね。", "ja"],
  ["東京タワー", "ja"],
  ["안녕하세요, 만나서 반갑습니다.", "ko"],
  ["OpenAI 는 인공지능 회사입니다.", "ko"],
  ["The word 你好 means hello in Chinese, which is a language of China.", "en"],
  ["Café au lait is a drink that you have with the milk.", "en"],
])("%j is %s", (text, language) => {
  expect(detectLanguage(text)).toBe(language);
});
