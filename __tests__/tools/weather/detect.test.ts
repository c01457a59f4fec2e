import { describe, expect, test } from "vitest";
import { detectWeather } from "#lib/tools/weather/detect.ts";
import { FOLLOW_UPS, NO_QUESTIONS, QUESTIONS } from "./places.ts";

const detected = (messages: readonly string[]): string => {
  const history = messages.slice(0, -1).flatMap((content) => [
    { role: "user" as const, content },
    { role: "assistant" as const, content: "It is sunny in Rome." },
  ]);
  return detectWeather({ message: messages.at(-1) ?? "", history })
    .map(({ place }) => place ?? "?")
    .join("; ");
};

describe("the places whose weather a message asks for", () => {
  test.each(QUESTIONS)("%s", (message, expected) => {
    expect(detected([message])).toBe(expected);
  });
});

describe("what asks for no weather", () => {
  test.each(NO_QUESTIONS)("%s", (message) => {
    expect(detected([message])).toBe("");
  });
});

describe("a follow-up belongs to the question before it", () => {
  test.each(FOLLOW_UPS)("%j", (messages, expected) => {
    expect(detected(messages)).toBe(expected);
  });
});

describe("detection takes time in proportion to the message, and little of it", () => {
  const PIECES = [
    " ",
    "9",
    "a ",
    "weather ",
    "weather in ",
    "in ",
    "in Paris ",
    "in Paris, ",
    "天气",
    "东京",
    "날씨 ",
    "will it ",
    "is it a ",
    "how ",
    "'",
    "a-",
    "a.",
    "погода ",
  ];
  test.each(PIECES)("100 KB of %j", (piece) => {
    const message = piece.repeat(Math.ceil(100_000 / piece.length));
    // The fastest of some runs: others may keep the machine busy.
    const times = Array.from({ length: 4 }, () => {
      const from = performance.now();
      detected([message]);
      detected([message, "and in Lyon?"]);
      return performance.now() - from;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test("a question at the end of a long text is found", () => {
    const text = "The annual report has many pages about nothing. ".repeat(500);
    expect(detected([`${text}\n\nWhat's the weather in Rome?`])).toBe("Rome");
  });
});
