import { describe, expect, test } from "vitest";
import { conversationMarkdown } from "#lib/browser/exports/conversation-markdown.ts";
import { fileNameOf } from "#lib/browser/exports/file-name.ts";
import { plainMarkdown } from "#lib/browser/exports/plain-markdown.ts";
import { csvOf, markdownTableOf, tableText } from "#lib/browser/exports/table-text.ts";
import { typedCells } from "#lib/browser/exports/typed-cells.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { textOf } from "#lib/browser/markdown/tree.ts";
import { NEW_TURN } from "#lib/browser/turn-view.ts";
import { fc } from "../support/properties.ts";

test.each([
  ["Compare REST and GraphQL", "Compare REST and GraphQL"],
  ["a/b\\c: d*e?", "a b c d e"],
  ["../../etc/passwd", "etc passwd"],
  [".hidden. ", "hidden"],
  ["évil\u202etxt.exe", "évil txt.exe"],
  ["日本語の題名", "日本語の題名"],
  ["", "Conversation"],
  ["///", "Conversation"],
  ["👍".repeat(100), "👍".repeat(80)],
])("%j as the name of a file is %j", (title, name) => {
  expect(fileNameOf(title, "Conversation")).toBe(name);
});

/** What somebody reads of Markdown, line by line. */
function readOf(markdown: string): string[] {
  return parseMarkdown(markdown).flatMap((block) => {
    if (block.kind !== "paragraph") return [`a ${block.kind}`];
    return block.children
      .map((node) => (node.kind === "break" ? "\n" : textOf([node])))
      .join("")
      .split("\n");
  });
}

describe("a text that somebody typed is shown as it was typed", () => {
  test.each([
    "# no heading",
    "* no list\n- nor this\n+ nor this",
    "1. no list\n2) nor this",
    "**not bold** `not code` [no](link) <b>no tag</b> ![no](picture)",
    "a | b\n--|--\n1 | 2",
    "```\nno fence\n```",
    "snake_case_name and _this_ &amp; \\n ~that~",
    "> no quote",
    "title\n===\nother\n---",
  ])("%j", (text) => {
    expect(readOf(plainMarkdown(text))).toEqual(text.split("\n"));
  });

  test("an indented line keeps its place", () => {
    expect(readOf(plainMarkdown("if x:\n    y()"))).toEqual(["if x:", "\u00a0\u00a0\u00a0\u00a0y()"]);
  });

  test("an address stays one", () => {
    const [block] = parseMarkdown(plainMarkdown("see https://example.com/a_b_c~d?x=1&y=2 now"));
    const link = block?.kind === "paragraph" ? block.children.find(({ kind }) => kind === "link") : undefined;
    expect(link).toMatchObject({ href: "https://example.com/a_b_c~d?x=1&y=2" });
  });

  test("whatever it is made of", () => {
    const signs = fc.constantFrom(..."ab1 \n*_`#>-+=.)|[]()<&;~\\!:");
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 60 }), (characters) => {
        const bare = (text: string): string => text.replaceAll(/\s/g, "");
        const text = characters.join("");
        const blocks = parseMarkdown(plainMarkdown(text));
        expect(blocks.filter(({ kind }) => kind !== "paragraph")).toEqual([]);
        expect(bare(readOf(plainMarkdown(text)).join(""))).toBe(bare(text));
      }),
    );
  });
});

test("a conversation says who said what; headings of answers stand below", () => {
  const turn = (text: string, answer: string) => ({
    question: { text, model: "auto", files: [] },
    answer: { ...NEW_TURN, state: "done" as const, text: answer },
  });
  const answer = "# Big\n\nSetext\n------\n\n```sh\n# a comment\n```\n\n- # in a list\n\n###### Small";
  const turns = [turn("What is *it*?", answer), turn("", "An answer alone."), turn("Unanswered", "  ")];
  expect(conversationMarkdown("My\ntitle", turns, { user: "You", assistant: "Answer" })).toBe(
    [
      "# My title",
      "## You",
      "What is \\*it\\*?",
      "## Answer",
      "### Big",
      "#### Setext",
      "```sh\n# a comment\n```",
      "- # in a list",
      "###### Small",
      "## Answer",
      "An answer alone.",
      "## You",
      "Unanswered\n",
    ].join("\n\n"),
  );
});

describe("a table as text", () => {
  const tableOf = (markdown: string) => {
    const [block] = parseMarkdown(markdown);
    return block?.kind === "table" ? tableText(block) : expect.fail("No table.");
  };
  const table = tableOf('| a **b** | `c\\|d` |\n|---|--:|\n| x, "y" | =1+1 |\n| -1 | -x<br>z |');

  test("its words, without their looks", () => {
    expect(table).toEqual({
      headers: ["a b", "c|d"],
      rows: [
        ['x, "y"', "=1+1"],
        ["-1", "-x z"],
      ],
    });
  });

  test.each([
    ["42", 42],
    ["-0.5", -0.5],
    ["0", 0],
    ["123456789012345", 123_456_789_012_345],
    ["1234567890123456", "1234567890123456"],
    ["007", "007"],
    ["1,000", "1,000"],
    ["1e5", "1e5"],
    ["50%", "50%"],
    ["+47", "+47"],
    ["", null],
  ])("in a spreadsheet, %j is %j", (cell, value) => {
    expect(typedCells([[cell]])).toEqual([[value]]);
  });

  test("as CSV, of which nothing is a formula", () => {
    expect(csvOf(table)).toBe('a b,c|d\r\n"x, ""y""",\'=1+1\r\n-1,\'-x z\r\n');
  });

  test("as Markdown that reads the same", () => {
    expect(tableOf(markdownTableOf(table))).toEqual(table);
  });
});
