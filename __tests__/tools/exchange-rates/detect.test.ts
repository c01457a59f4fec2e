import { describe, expect, test } from "vitest";
import { detectConversions } from "#lib/tools/exchange-rates/follow-up.ts";
import type { ExchangeInput } from "#lib/tools/exchange-rates/input.ts";
import { CONVERSIONS, FOLLOW_UPS, NO_CONVERSIONS } from "./conversions.ts";

const TODAY = "2026-11-22";

const inWords = ({ amount, from, to, date }: ExchangeInput): string =>
  `${amount} ${from} > ${to.join(",")}${date === undefined ? "" : ` @ ${date}`}`;

const detected = (messages: readonly string[]): string => {
  const history = messages.slice(0, -1).flatMap((content) => [
    { role: "user" as const, content },
    { role: "assistant" as const, content: "It is 1 EUR to 2 USD." },
  ]);
  return detectConversions({ message: messages.at(-1) ?? "", history }, TODAY)
    .map(inWords)
    .join("; ");
};

describe("what a message asks to be converted", () => {
  test.each(CONVERSIONS)("%s", (message, expected) => {
    expect(detected([message])).toBe(expected);
  });
});

describe("what asks for no rate", () => {
  test.each(NO_CONVERSIONS)("%s", (message) => {
    expect(detected([message])).toBe("");
  });
});

describe("a follow-up is filled up from the conversation", () => {
  test.each(FOLLOW_UPS)("%j", (messages, expected) => {
    expect(detected(messages)).toBe(expected);
  });
});

describe("detection takes time in proportion to the message, and little of it", () => {
  const PIECES = [
    " ",
    "9",
    "a ",
    "500 USD ",
    "500 USD to ",
    "$",
    "1,",
    "1.",
    "and in euros ",
    "euro",
    "美元",
    "달러",
    "last ",
    "3 March ",
    "2024-",
    "'",
    "€\n",
  ];
  test.each(PIECES)("100 KB of %j", (piece) => {
    const message = piece.repeat(Math.ceil(100_000 / piece.length));
    // The fastest of some runs: others may keep the machine busy.
    const times = Array.from({ length: 4 }, () => {
      const from = performance.now();
      detected([message]);
      detected(["Convert 500 GBP to EUR", message]);
      detected([message, "and in euros?"]);
      return performance.now() - from;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test("an amount that a cut would halve is not read", () => {
    for (let length = 0; length < 12; length++) {
      const text = `${"a ".repeat(1_000)}1,234,567 USD to EUR ${"b".repeat(length)} ${"c ".repeat(140)}`;
      expect(["", "1234567 USD > EUR"]).toContain(detected([text]));
    }
  });

  test("a question at the end of a long text is found", () => {
    const text = "The annual report has many pages about nothing. ".repeat(500);
    expect(detected([`${text}\n\nConvert 500 GBP to EUR`])).toBe("500 GBP > EUR");
  });
});
