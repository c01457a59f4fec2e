import { describe, expect, test } from "vitest";
import { ReasoningSplitter, type SplitText } from "#lib/sanitize/reasoning.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";

function split(pieces: readonly string[]): SplitText {
  const splitter = new ReasoningSplitter();
  const total: SplitText = { visible: "", thinking: "" };
  const add = (part: SplitText): void => {
    total.visible += part.visible;
    total.thinking += part.thinking;
  };
  for (const piece of pieces) add(splitter.push(piece));
  add(splitter.flush());
  return total;
}

/** The same, over and over: cut in two at every place, and character by character. */
function expectSplit(text: string, expected: SplitText): void {
  expect(split([text]), "whole").toEqual(expected);
  expect(split([...text]), "character by character").toEqual(expected);
  for (let place = 1; place < text.length; place++) {
    expect(split([text.slice(0, place), text.slice(place)]), `cut at ${place}`).toEqual(expected);
  }
}

describe("reasoning in front of the answer, cut anywhere", () => {
  test.each<[string, string, SplitText]>([
    ["no tag", "hello", { visible: "hello", thinking: "" }],
    ["a block", "<think>why</think>so", { visible: "so", thinking: "why" }],
    ["white space in front", " \n<think>why</think>\n\nso", { visible: " \n\n\nso", thinking: "why" }],
    ["another word for it", "<thinking>why</thinking>so", { visible: "so", thinking: "why" }],
    ["Gemini's word for it", "<thought>why</thought>so", { visible: "so", thinking: "why" }],
    ["an empty block", "<think></think>so", { visible: "so", thinking: "" }],
    ["two blocks", "<think>a</think> <think>b</think>so", { visible: " so", thinking: "ab" }],
    ["a block that never ends", "<think>why", { visible: "", thinking: "why" }],
    ["a closing tag cut short", "<think>why</thi", { visible: "", thinking: "why</thi" }],
    ["an opening tag cut short", "<thi", { visible: "<thi", thinking: "" }],
    ["almost a tag", "<thin air> so", { visible: "<thin air> so", thinking: "" }],
    ["another tag", "<b>so</b>", { visible: "<b>so</b>", thinking: "" }],
    [
      "another block's end inside",
      "<think>a</thinking>b</think>so",
      { visible: "so", thinking: "a</thinking>b" },
    ],
    ["a less-than inside", "<think>1 < 2 </ 3</think>so", { visible: "so", thinking: "1 < 2 </ 3" }],
    ["a closing tag in the answer", "so </think> on", { visible: "so </think> on", thinking: "" }],
    ["a lone closing tag in front", "</think>so", { visible: "</think>so", thinking: "" }],
    ["a closing tag after the block", "<think>a</think>so</think>", { visible: "so</think>", thinking: "a" }],
    ["a block in the answer", "so <think>x</think>", { visible: "so <think>x</think>", thinking: "" }],
    ["only white space", "  \n ", { visible: "  \n ", thinking: "" }],
  ])("%s", (_name, text, expected) => {
    expectSplit(text, expected);
  });

  test.each([255, 256, 257, 300, 1_000])(
    "%i spaces before a tag give the same, wherever they are cut",
    (spaces) => {
      const text = `${" ".repeat(spaces)}<think>why</think>so`;
      const whole = split([text]);
      expect(whole.thinking).toBe(spaces <= 256 ? "why" : "");
      expectSplit(text, whole);
    },
  );
});

describe("any text in any pieces", () => {
  const words = fc.constantFrom(
    "<think>",
    "</think>",
    "<thinking>",
    "</thinking>",
    "<thought>",
    "<",
    "</",
    "<thi",
    "nk>",
    " ",
    "\n\n",
    " ".repeat(200),
    "answer",
    "why?",
    "😀",
  );
  const texts = fc
    .array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.string() }), {
      maxLength: 12,
    })
    .map((parts) => parts.join(""));
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });

  function pieces(text: string, places: readonly number[]): string[] {
    const result: string[] = [];
    let from = 0;
    for (const place of [...places].sort((a, b) => a - b)) {
      result.push(text.slice(from, Math.max(from, place)));
      from = Math.max(from, place);
    }
    return [...result, text.slice(from)];
  }

  test("the outcome does not hang on the cuts", () => {
    fc.assert(
      fc.property(texts, cuts, (text, places) => {
        expect(split(pieces(text, places))).toEqual(split([text]));
      }),
      { numRuns: 2_000 },
    );
  });

  type Segment = { kind: keyof SplitText | "tag"; text: string };

  /** The whole text in order, by the rule as it is written down: blocks in front, then the answer. */
  function segments(text: string): Segment[] {
    const found: Segment[] = [];
    let rest = text;
    for (let opening = opens(rest); opening !== undefined; opening = opens(rest)) {
      found.push({ kind: "visible", text: opening.white }, { kind: "tag", text: opening.tag });
      rest = rest.slice(opening.white.length + opening.tag.length);
      const closing = `</${opening.tag.slice(1)}`;
      const end = rest.indexOf(closing);
      if (end === -1) return [...found, { kind: "thinking", text: rest }];
      found.push({ kind: "thinking", text: rest.slice(0, end) }, { kind: "tag", text: closing });
      rest = rest.slice(end + closing.length);
    }
    return [...found, { kind: "visible", text: rest }];
  }

  function opens(text: string): { white: string; tag: string } | undefined {
    const match = /^(\s{0,256})(<(?:think|thinking|thought)>)/.exec(text);
    return match?.[2] === undefined ? undefined : { white: match[1] ?? "", tag: match[2] };
  }

  test("visible and thinking together are everything but the tags, in order", () => {
    fc.assert(
      fc.property(texts, cuts, (text, places) => {
        const expected = segments(text);
        expect(expected.map((segment) => segment.text).join("")).toBe(text);
        const of = (kind: Segment["kind"]): string =>
          expected.flatMap((segment) => (segment.kind === kind ? [segment.text] : [])).join("");
        expect(split(pieces(text, places))).toEqual({ visible: of("visible"), thinking: of("thinking") });
      }),
      { numRuns: 2_000 },
    );
  });

  test("once disabled, everything is the answer", () => {
    const splitter = new ReasoningSplitter();
    expect(splitter.push(" <th")).toEqual({ visible: "", thinking: "" });
    expect(splitter.disable()).toEqual({ visible: " <th", thinking: "" });
    expect(splitter.push("<think>x</think>")).toEqual({ visible: "<think>x</think>", thinking: "" });
  });
});

describe("hostile input", () => {
  test.each<[string, (size: number) => string]>([
    ["spaces", (size) => " ".repeat(size)],
    ["empty blocks", (size) => "<think></think>".repeat(size / 15)],
    ["blocks with white space between", (size) => "<think> </think> ".repeat(size / 17)],
    ["opening tags", (size) => "<think>".repeat(size / 7)],
    ["beginnings of a closing tag", (size) => `<think>${"</thin".repeat(size / 6)}`],
    ["less-than signs", (size) => "<".repeat(size)],
  ])("%s take linear time, whole and in small pieces", (_name, make) => {
    expectLinear(100_000, (size) => {
      const text = make(size);
      return () => {
        split([text]);
      };
    });
    expectLinear(20_000, (size) => {
      const text = make(size);
      const small = text.match(/[\s\S]{1,3}/g) ?? [];
      return () => {
        split(small);
      };
    });
  });

  test("60 000 empty blocks in one delta are read without a stack overflow", () => {
    expect(split([`${"<think></think>".repeat(60_000)}so`])).toEqual({ visible: "so", thinking: "" });
  });
});
