import { describe, expect, test } from "vitest";
import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import { fitFiles } from "#lib/services/documents/fit-files.ts";
import { describeLeftOut } from "#lib/services/documents/left-out.ts";
import { splitSections } from "#lib/services/documents/split-sections.ts";
import { fc } from "../../support/properties.ts";

type Section = { label?: string; text: string };

function aFile(sections: readonly Section[], changes: Partial<AttachedFile> = {}): AttachedFile {
  return {
    ...{ name: "a.pdf", type: "pdf", bytes: 1, digest: "d", document: { sections, notes: [] } },
    ...changes,
  };
}
const pages = (count: number, text: (page: number) => string): Section[] =>
  Array.from({ length: count }, (_, index) => ({ label: `Page ${index + 1}`, text: text(index + 1) }));
const FILLER = "The weather was mild and the roads were dry. ".repeat(20);

describe("files that fit", () => {
  test("are whole, with the names of their sections", async () => {
    const [fitted] = await fitFiles([aFile(pages(2, (page) => `Text ${page}`))], "", 1_000);
    expect(fitted?.text).toBe("\n--- Page 1 ---\nText 1\n\n--- Page 2 ---\nText 2\n");
    expect(fitted?.leftOut).toBeUndefined();
  });

  test("a Word document has no names", async () => {
    const [fitted] = await fitFiles([aFile([{ text: "All of it." }], { type: "docx" })], "", 1_000);
    expect(fitted?.text).toBe("All of it.\n");
  });
});

describe("a file that is too long", () => {
  test.each<[what: string, message: string, found: string]>([
    ["a rare word", "What did the xylophone cost?", "A xylophone: 12 euros."],
    ["its plural, in capitals", "XYLOPHONES", "A xylophone: 12 euros."],
    ["a number", "Which customer has number 48151623?", "Customer 48151623."],
    ["Chinese, which has no spaces", "木琴多少钱?", "这把木琴十二欧元。"],
  ])("has its beginning, and the page with %s", async (_what, message, found) => {
    const file = aFile(pages(200, (page) => `${FILLER}${page === 150 ? found : ""}`));
    const [fitted] = await fitFiles([file], message, 8_000);
    expect(fitted?.text).toContain("--- Page 1 ---");
    expect(fitted?.text).toContain("--- Page 150 ---");
    expect(fitted?.leftOut).toMatch(/^Pages \d+–149 and 151–200 are not included\.$/);
  });

  test("marks where text is missing, and repeats the head of a table", async () => {
    const rows = Array.from(
      { length: 4_000 },
      (_, index) => `| ${index} | ${index === 3_000 ? "xylophone" : "drum"} |`,
    );
    const text = ["| Number | Instrument |", "| --- | --- |", ...rows].join("\n");
    const file = aFile([{ label: 'Sheet "Stock"', text }], { type: "xlsx" });
    const [fitted] = await fitFiles([file], "Where is the xylophone?", 6_000);
    expect(fitted?.text).toMatch(/\n\[…\]\n\| Number \| Instrument \|\n\| --- \| --- \|\n\| \d+ \| drum \|/);
    expect(fitted?.text).toContain("| 3000 | xylophone |");
    expect(fitted?.leftOut).toBe('Of Sheet "Stock", only parts are included.');
  });

  test("without sections says how much is missing", async () => {
    const [fitted] = await fitFiles([aFile([{ text: FILLER.repeat(100) }])], "", 5_000);
    expect(fitted?.leftOut).toMatch(/^About [78]\d % of the text is not included\.$/);
  });

  test("with no room at all is named", async () => {
    const [fitted] = await fitFiles([aFile(pages(1, () => FILLER))], "", 0);
    expect(fitted).toMatchObject({ leftOut: "Page 1 is not included.", tokens: 0 });
  });
});

test("several files share alike, and a short one leaves its rest to the others", async () => {
  const long = pages(100, () => FILLER);
  const fitted = await fitFiles([aFile(long), aFile(pages(1, () => "Short.")), aFile(long)], "", 10_000);
  expect(fitted[1]?.leftOut).toBeUndefined();
  const [first = 0, , third = 0] = fitted.map(({ tokens }) => tokens);
  expect(Math.abs(first - third)).toBeLessThan(500);
  expect(first + third).toBeGreaterThan(9_000);
});

test("any files stay within any budget, whatever they are", async () => {
  const section = fc.record({
    label: fc.option(fc.string(), { nil: undefined }),
    text: fc.string({ maxLength: 9_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(section)),
      fc.string(),
      fc.nat(5_000),
      async (files, message, budget) => {
        const fitted = await fitFiles(
          files.map((sections) => aFile(sections as Section[])),
          message,
          budget,
        );
        expect(fitted.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(budget + 1e-6);
      },
    ),
    { numRuns: 50 },
  );
});

test("pieces are the text, cut at the end of a line or a word, and never within a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 3_000, maxLength: 30_000 }), (text) => {
      const pieces = splitSections([{ text }]);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      expect(pieces.every((piece) => piece.text.isWellFormed() && piece.text !== "")).toBe(true);
    }),
    { numRuns: 30 },
  );
  const words = splitSections([{ text: "several words ".repeat(1_000) }]);
  expect(words.every(({ text }) => text.endsWith(" "))).toBe(true);
});

test.each<[shares: number[], said: string | undefined]>([
  [[1, 1, 1, 1, 1], undefined],
  [[1, 0, 1, 1, 1], "Page 2 is not included."],
  [[1, 0, 0, 1, 0], "Pages 2–3 and 5 are not included."],
  [[1, 0.5, 0, 0, 1], "Pages 3–4 are not included. Of Page 2, only parts are included."],
])("what is left out is said by ranges: %j", (shares, said) => {
  expect(
    describeLeftOut(
      pages(5, () => "x"),
      shares,
    ),
  ).toBe(said);
});

test("a list of what is left out is bounded", () => {
  const sections = pages(500, () => "x");
  const said = describeLeftOut(
    sections,
    sections.map((_, index) => index % 2),
  );
  expect(said).toMatch(/^Pages 1, 3, .* 39 and 230 more are not included\.$/);
});

test("two million characters do not hold up other requests", async () => {
  const file = aFile(pages(500, (page) => `${FILLER.repeat(4)}${page}`.padEnd(4_000, "x ")));
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await fitFiles([file], "What about the weather on page 300?", 30_000);
  clearInterval(timer);
  expect(longest).toBeLessThan(1_000);
});
