import { describe, expect, test } from "vitest";
import { findImageWish, type ImageMessage } from "#lib/router/image-intent/image-intent.ts";
import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import { askWhatToDraw, noImages } from "#lib/router/image-intent/replies.ts";
import { expectLinear } from "../../support/linear.ts";
import { AGAIN, CHANGES, EDITS, OTHER_SUBJECTS, QUESTIONS } from "./follow-ups.ts";
import { IMAGE_MESSAGES, OTHER_MESSAGES } from "./image-messages.ts";

const wish = (message: string, changes: Partial<ImageMessage> = {}) =>
  findImageWish({ message, hasImage: false, history: [], ...changes });
const said = (...texts: string[]): ImageMessage["history"] =>
  texts.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));

const LANGUAGES: readonly ImageLanguage[] = [
  "en",
  "de",
  "fr",
  "es",
  "pt",
  "it",
  "nl",
  "pl",
  "ru",
  "tr",
  "ar",
  "hi",
  "zh",
  "ja",
  "ko",
];

const FOX = "a fox in the snow";
const DRAWN = said(`Draw ${FOX}`, noImages(FOX, "en"));

describe("a message by itself", () => {
  test.each(IMAGE_MESSAGES)("%s: %s", (language, message, prompt) => {
    expect(wish(message)).toEqual({ language, prompt });
  });

  test.each(OTHER_MESSAGES)("is not for an image: %s", (message) => {
    expect(wish(message)).toBeUndefined();
  });

  test("every language has messages that ask for an image", () => {
    expect(new Set(IMAGE_MESSAGES.map(([language]) => language))).toEqual(new Set(LANGUAGES));
  });

  test("a long text is judged by the wish at its end, and belongs to the prompt", () => {
    const story = "The old captain walked along the shore. ".repeat(100);
    const found = wish(`${story}Draw an illustration for this story.`);
    expect(found?.prompt).toContain("The old captain");
    expect(found?.prompt?.length).toBeLessThanOrEqual(2_000);
  });

  test.each([
    "Translate this sentence into French. Draw a fox in the snow.",
    "What does this mean? Draw a card.",
    "Fix my grammar:\nDraw a fox in the snow.",
  ])("what another task is about is not asked for: %s", (message) => {
    expect(wish(message)).toBeUndefined();
  });
});

describe("after a turn that was for an image", () => {
  test.each(CHANGES)("a change makes a whole prompt: %s", (message) => {
    expect(wish(message, { history: DRAWN })?.prompt).toBe(`${FOX}. ${message}`);
  });

  test.each(AGAIN)("another one has the same prompt: %s", (message) => {
    expect(wish(message, { history: DRAWN })?.prompt).toBe(FOX);
  });

  test.each(OTHER_SUBJECTS)("something else is not for an image: %s", (message) => {
    expect(wish(message, { history: DRAWN })).toBeUndefined();
  });

  test("changes add up, and a new wish begins anew", () => {
    const history = said(`Draw ${FOX}`, "…", "make it darker", "…", "another one", "…");
    expect(wish("add a hat", { history })?.prompt).toBe(`${FOX}. make it darker. add a hat`);
    expect(wish("now draw a cat", { history })?.prompt).toBe("a cat");
  });

  test("a prompt stays within what an engine takes", () => {
    const history = said(`Draw ${"a very long fox ".repeat(400)}`, "…");
    const prompt = wish("make it darker", { history })?.prompt ?? "";
    expect(prompt.length).toBeLessThanOrEqual(2_000);
    expect(prompt).toMatch(/make it darker$/);
  });
});

describe("after any other turn, the same words mean something else", () => {
  const conversations = [
    [],
    said("Write a poem about foxes.", "Foxes …"),
    said(`Draw ${FOX}`, "…", "What do foxes eat?", "Mice."),
    said("Draw a fox as ASCII art", "/\\_/\\"),
    said(`Draw ${FOX}`, "```\n/\\_/\\\n```"),
  ];
  test.each([...CHANGES, ...AGAIN])("%s", (message) => {
    for (const history of conversations) expect(wish(message, { history })).toBeUndefined();
  });
});

describe("who was asked what to draw", () => {
  const asked = said("draw something", askWhatToDraw("en", true));

  test.each(["a fox in the snow", "un zorro", "my cat on the moon, at night"])("answers: %s", (message) => {
    expect(wish(message, { history: asked })?.prompt).toBe(message);
  });

  test.each(["never mind", "no", "What can you draw?", "forget it", "Write a poem instead"])(
    "or does not: %s",
    (message) => {
      expect(wish(message, { history: asked })).toBeUndefined();
    },
  );

  test("only if it was asked: an engine's answer to the same words is none", () => {
    expect(wish("a fox", { history: said("draw something", "Sure, I can describe it.") })).toBeUndefined();
  });

  test("the answer can be changed afterwards", () => {
    const history = [...asked, ...said("a fox", noImages("a fox", "en"))];
    expect(wish("make it darker", { history })?.prompt).toBe("a fox. make it darker");
  });
});

describe("an image that is attached", () => {
  test.each(EDITS)("is to be changed: %s", (message) => {
    expect(wish(message, { hasImage: true })).toBeDefined();
  });

  test.each([...QUESTIONS, ...OTHER_MESSAGES])("is asked about: %s", (message) => {
    expect(wish(message, { hasImage: true })).toBeUndefined();
  });
});

test.each([
  " ",
  "1",
  "a ",
  "draw ",
  "image of ",
  ",",
  ".",
  "please ",
  "画",
  "!?",
  "a. ",
  "\n",
  "make it ",
  "to ",
])("takes time in proportion to the text: %j", (piece) => {
  expectLinear(12_500, (size) => {
    const text = piece.repeat(size / piece.length);
    const messages = [text, `draw ${text}`, `${text} draw a fox`, `Draw a fox. ${text}`];
    return () => {
      for (const message of messages) wish(message, { history: said(message, message) });
    };
  });
  const from = performance.now();
  wish(piece.repeat(100_000 / piece.length));
  expect(performance.now() - from).toBeLessThan(50);
});
