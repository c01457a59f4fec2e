import { describe, expect, test } from "vitest";
import { findStateQuestion, findTaskWish } from "#lib/manus/task-wish.ts";
import { expectLinear } from "../support/linear.ts";
import { NO_QUESTIONS, NO_WISHES, QUESTIONS, WISHES } from "./task-messages.ts";

describe("a message that asks for a long task", () => {
  test.each(Object.entries(WISHES).flatMap(([language, all]) => all.map((one) => [language, one] as const)))(
    "%s: %s",
    (language, message) => {
      expect(findTaskWish(message)).toBe(language);
      expect(findTaskWish(message.toUpperCase())).toBe(language);
    },
  );

  test.each(NO_WISHES)("not: %s", (message) => {
    expect(findTaskWish(message)).toBeUndefined();
  });

  test("stands at the beginning or the end of a long text, not within it", () => {
    const text = "The lease was signed in spring. ".repeat(200);
    const wish = "Use Manus to find out what it costs.";
    expect(findTaskWish(`${text}\n${wish}`)).toBe("en");
    expect(findTaskWish(`${wish}\n${text}`)).toBe("en");
    expect(findTaskWish(`${text}\n${wish}\n${text}`)).toBeUndefined();
  });
});

describe("a question about a task", () => {
  const all = Object.entries(QUESTIONS).flatMap(([language, questions]) =>
    questions.map(([message, isNamed]) => [language, message, isNamed] as const),
  );

  test.each(all)("%s: %s (names it: %s)", (language, message, isNamed) => {
    expect(findStateQuestion(message)).toEqual({ language, isNamed });
  });

  test.each(NO_QUESTIONS)("not: %s", (message) => {
    expect(findStateQuestion(message)).toBeUndefined();
  });
});

test.each([
  " ",
  "\n",
  "please ",
  "use manus ",
  "research in depth ",
  "research in depth and write ",
  "write ",
  "do ",
  "is it ",
  "done ",
  "hand ",
  "gib ",
  ". ",
  "é",
])("100,000 characters of %j are no danger", (piece) => {
  const run = (size: number) => () => {
    const message = piece.repeat(size / piece.length);
    findTaskWish(message);
    findStateQuestion(message);
    // As long as what is read of a message at all.
    findTaskWish(message.slice(0, 1_200));
    findStateQuestion(message.slice(0, 120));
  };
  run(100_000)();
  expectLinear(12_000, run);
});
