import { describe, expect, test } from "vitest";
import { exported, readBack } from "../../support/pdf-export.ts";

const COLUMNS = Array.from({ length: 14 }, (_, column) => `column ${column} of a wide table`);
const WIDE = `| ${COLUMNS.join(" | ")} |\n|${"---|".repeat(14)}\n| FOLLOWS ${"| x ".repeat(13)}|`;

/** What may follow a heading; each has the word FOLLOWS at its beginning. */
const FOLLOWING: readonly (readonly [what: string, markdown: string])[] = [
  ["a paragraph", `FOLLOWS ${"and many more words ".repeat(30)}`],
  ["a code block", "```\nFOLLOWS\nb\nc\nd\n```"],
  ["a table", `| a | b |\n|---|---|\n| FOLLOWS ${"<br>line".repeat(8)} | c |`],
  ["a table on its side", WIDE],
  ["a list", "1. FOLLOWS\n2. b"],
  ["a quote", "> FOLLOWS"],
  ["a heading with its text", "### Below\n\nFOLLOWS"],
  ["a list whose item begins with a heading", "- ### Below\n\n  FOLLOWS"],
];

describe("a heading stands on the page of what follows it", () => {
  test.each(FOLLOWING)("%s", async (_what, markdown) => {
    // However much of the page is left.
    for (let lines = 24; lines < 42; lines += 1) {
      const before = Array.from({ length: lines }, (_, line) => `Line ${line}.`).join("\n\n");
      const { pages } = await readBack((await exported(`${before}\n\n## HEADING\n\n${markdown}`)).bytes);
      const place = pages.findIndex((text) => text.includes("HEADING"));
      expect(pages[place], `behind ${lines} lines`).toContain("FOLLOWS");
    }
  });

  test("at the beginning of a document, a table on its side leaves no empty page before it", async () => {
    const { pages, outline } = await readBack((await exported(`# HEADING\n\n${WIDE}`)).bytes);
    expect(pages).toHaveLength(1);
    expect(outline).toEqual(["HEADING"]);
  });

  test("alone, and at the end of a quote or a list, it is drawn all the same", async () => {
    const { pages } = await readBack((await exported("- a\n\n  # B\n\n> # C\n\n# D")).bytes);
    expect(pages.join("").replace(/[^A-Da-d]/g, "")).toMatch(/aBCD/);
  });

  test("more headings than a page holds go over pages", async () => {
    const headings = Array.from({ length: 200 }, (_, index) => `## H${index}`).join("\n\n");
    const { pages } = await readBack((await exported(headings)).bytes);
    expect(pages.length).toBeGreaterThan(3);
    expect(pages.join("")).toContain("H199");
  });
});
