import { expect, test } from "vitest";
import { readableJson, visibleText } from "#lib/browser/readable.ts";

test.each([
  ["an object", '{"to":"a@b.c","n":1}', '{\n  "to": "a@b.c",\n  "n": 1\n}'],
  ["what is no JSON", "Buy bread.", "Buy bread."],
  ["JSON that was cut", '{"to":"a@', '{"to":"a@'],
  [
    "JSON that is too deep to be written again",
    `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  ],
  ["the last of two fields of one name, which is the one that counts", '{"a":1,"a":2}', '{\n  "a": 2\n}'],
])("%s", (_name, text, expected) => {
  expect(readableJson(text)).toBe(expected);
});

test.each([
  ["the direction of text", "invoice\u202egnp.exe", "invoice\\u202egnp.exe"],
  ["what has no width", "pay\u200bpal\ufeff", "pay\\u200bpal\\ufeff"],
  ["tags that spell a hidden text", "hi\u{e0068}\u{e0069}", "hi\\u{e0068}\\u{e0069}"],
  ["control characters", "a\u0000b\u001b[31mc\rd", "a\\u0000b\\u001b[31mc\\u000dd"],
])("%s is written out", (_name, text, expected) => {
  expect(visibleText(text)).toBe(expected);
  expect(readableJson(JSON.stringify({ text }))).not.toMatch(/[\u202e\u200b\ufeff\u{e0068}]/u);
});

test.each(["two\nlines\tand\r\nthree", "👩‍🚀 می‌خواهم é", "日本語 عربي"])("%j stays as it is", (text) => {
  expect(visibleText(text)).toBe(text);
});
