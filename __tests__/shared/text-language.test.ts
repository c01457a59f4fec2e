import { expect, test } from "vitest";
import { languageOfText } from "#lib/shared/text-language.ts";

test.each([
  ["The quick brown fox jumps over the lazy dog.", "en"],
  ["The quick fox is in the garden and it is not alone.", "en"],
  ["El perro está en la casa con los niños, pero no come.", "es"],
  ["Le chien est dans la maison avec les enfants, mais il ne mange pas.", "fr"],
  ["断路器会停止调用已经损坏的服务。", "zh"],
  ["サーキットブレーカーは故障したサービスの呼び出しを止めます。", "ja"],
  ["회로 차단기는 고장난 서비스를 호출하지 않습니다.", "ko"],
  ["hi", undefined],
  ["", undefined],
  ["12345", undefined],
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
  ["これは日本語。", "ja"],
  ["我喜欢喝の字牌的茶，每天早上都要喝一杯热茶再出门上班。", "zh"],
  ["¿Qué hora es?", "es"],
  ["Ça va ?", "fr"],
  ["Café au lait is a drink that you have with the milk.", "en"],
])("%j is %s", (text, language) => {
  expect(languageOfText(text)).toBe(language);
});
