import { describe, expect, test } from "vitest";
import type { SpeechLanguage } from "#lib/shared/text-language.ts";
import { hasWords, splitSpeech } from "#lib/speech/split-text.ts";
import { fc } from "../support/properties.ts";

const bytes = (text: string): number => Buffer.byteLength(text);

describe("a text is split where a speaker would pause", () => {
  test.each<[string, string, SpeechLanguage, number, string[]]>([
    ["a short one is not split", " Hello. How are you? ", "en", 100, ["Hello. How are you?"]],
    [
      "between sentences",
      "One is here. Two is here. Three.",
      "en",
      26,
      ["One is here. Two is here.", "Three."],
    ],
    [
      "abbreviations with a number do not end one",
      "It costs 3.50 euros. Buy it.",
      "en",
      22,
      ["It costs 3.50 euros.", "Buy it."],
    ],
    [
      "between clauses of a long sentence",
      "First this, then that; and at last the rest",
      "en",
      22,
      ["First this, then that;", "and at last the rest"],
    ],
    ["not in numbers", "It has 1,000,000 inhabitants", "en", 20, ["It has 1,000,000", "inhabitants"]],
    ["between words", "alpha beta gamma delta", "en", 11, ["alpha beta", "gamma delta"]],
    ["Spanish", "¿Qué tal? ¡Muy bien! Gracias.", "es", 16, ["¿Qué tal?", "¡Muy bien!", "Gracias."]],
    ["Chinese", "你好。今天天气很好。再见！", "zh", 24, ["你好。", "今天天气很好。", "再见！"]],
    ["Japanese", "こんにちは。元気ですか？はい。", "ja", 30, ["こんにちは。", "元気ですか？はい。"]],
    ["Korean", "안녕하세요. 반갑습니다.", "ko", 20, ["안녕하세요.", "반갑습니다."]],
  ])("%s", (_, text, language, limit, parts) => {
    expect(splitSpeech(text, language, limit).map((part) => part.text)).toEqual(parts);
  });

  test("Chinese words stay whole where a sentence has no marks", () => {
    const parts = splitSpeech("我们明天去北京大学图书馆学习", "zh", 15);
    expect(parts.map(({ text }) => text).join("")).toBe("我们明天去北京大学图书馆学习");
    for (const { text } of parts) expect(text).not.toMatch(/^(?:们|天|京|学$|书|馆|习)/);
  });

  test("an emoji of several characters is not cut, however small the parts", () => {
    const family = "👩‍👩‍👧‍👦";
    const parts = splitSpeech(`a${family.repeat(3)}b`, "en", bytes(family) + 1);
    for (const { text } of parts) expect(text.replaceAll(family, "")).toMatch(/^[ab]?$/);
  });

  test("it is known which parts end a sentence", () => {
    const parts = splitSpeech("A rather long first one, with a clause. The second.", "en", 25);
    expect(parts.map(({ endsSentence }) => endsSentence)).toEqual([false, true, true]);
  });

  test("whatever the text, every word is in a part, in its order, and no part is too long", () => {
    const text = fc.array(
      fc.constantFrom("word", "a", ". ", ", ", " ", "你好", "。", "é", "\n\n", "🎉", "1.5"),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 16, max: 80 }), (pieces, limit) => {
        const whole = pieces.join("");
        const parts = splitSpeech(whole, "en", limit).map((part) => part.text);
        const letters = (value: string): string => value.replace(/[^\p{L}\p{N}]/gu, "");
        if (hasWords(whole)) expect(letters(parts.join(""))).toBe(letters(whole));
        for (const part of parts) expect(bytes(part)).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

test.each([
  ["Hello", true],
  ["42", true],
  ["你", true],
  ["", false],
  [" \n\t\u3000", false],
  ["🎉🎉", false],
  ["… — !", false],
  ["\u200b\u2060", false],
])("%j has words: %s", (text, has) => {
  expect(hasWords(text)).toBe(has);
});
