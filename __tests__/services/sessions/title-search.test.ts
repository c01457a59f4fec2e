import { expect, test } from "vitest";
import { titleMatcher } from "#lib/services/sessions/title-search.ts";
import { expectLinear } from "../../support/linear.ts";
import { fc } from "../../support/properties.ts";

test.each([
  ["Résumé for the café", "resume", true],
  ["Resume", "RÉSUMÉ", true],
  ["Straße in Köln", "STRASSE IN KOLN", true],
  ["Łódź and Tromsø", "lodz and tromso", true],
  ["ΟΔΟΣ", "οδός", true],
  ["Ёлка и йод", "елка и иод", true],
  ["שָׁלוֹם", "שלום", true],
  ["مُحَمَّد", "محمد", true],
  ["İstanbul", "istanbul", true],
  ["ﬁnance", "finance", true],
  ["日本語の文法", "文法", true],
  ["がくせい", "か", false],
  ["किताब", "कत", false],
  ["한국어 공부", "한국", true],
  ["a  b\tc", "a b c", true],
  ["100% sure", "%", true],
  ["100 percent", "%", false],
  ["snake_case", "e_c", true],
  ["snakeXcase", "e_c", false],
  ["C:\\new", "\\n", true],
  ["(a|b)*", "(a|b)*", true],
  ["(a|b)*", "a", true],
  ["anything", "a.y", false],
  ["👩‍🚀 flight", "👩‍🚀", true],
  ["anything", "", true],
  ["anything", "   ", true],
])("%s contains %s: %s", (title, search, expected) => {
  expect(titleMatcher(search)(title)).toBe(expected);
});

test("a title contains itself, and each of its words", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (title) => {
      expect(titleMatcher(title)(title)).toBe(true);
      for (const word of title.split(/\s+/)) expect(titleMatcher(word)(title)).toBe(true);
    }),
  );
});

test.each(["a", " ", "é", "%", "Ł"])("takes linear time over %j", (unit) => {
  expectLinear(100_000, (size) => {
    const text = unit.repeat(size);
    return () => titleMatcher(`${unit}${unit}x`)(text);
  });
});
