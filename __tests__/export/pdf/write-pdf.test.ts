import { describe, expect, test } from "vitest";
import { exported, ownFonts, readBack, squeezed } from "../../support/pdf-export.ts";

const HEAD = "| Name | Value |\n|---|---:|\n";

/** The text of a document, without spaces. */
async function textOf(markdown: string): Promise<string> {
  const { pages } = await readBack((await exported(markdown)).bytes);
  return squeezed(pages.join(""));
}

describe("a document", () => {
  test("has a title, an outline, numbered pages, and is tagged", async () => {
    const { bytes, pages } = await exported(`# The *title*\n\n${"Words. ".repeat(1_500)}\n\n## Part\n\nEnd.`);
    const read = await readBack(bytes);
    expect(read).toMatchObject({ title: "The title", isTagged: true, outline: ["The title", "  Part"] });
    expect(read.pages).toHaveLength(pages);
    for (const [index, text] of read.pages.entries()) expect(text).toContain(`${index + 1} / ${pages}`);
    expect(read.sizes[0]).toEqual([595, 842]);
  });

  test.each([
    ["a title that is given", "# One", { title: "Other" }, "Other"],
    ["the first heading of any level", "text\n\n## Two", {}, "Two"],
    ["no heading", "text", {}, "Document"],
    ["nothing", "", {}, "Document"],
  ])("is titled by %s", async (_what, markdown, more, title) => {
    const { bytes, pages } = await exported(markdown, more);
    expect((await readBack(bytes)).title).toBe(title);
    expect(pages).toBe(1);
  });

  test("on letter paper", async () => {
    const { bytes } = await exported("a", { pageSize: "letter" });
    expect((await readBack(bytes)).sizes).toEqual([[612, 792]]);
  });

  test.each<[string, string, string]>([
    ["emphasis", "a **b** *c* ***d*** ~~e~~ `f`", "abcdef"],
    ["ordered lists from their start", "7. a\n8. b", "7.a8.b"],
    ["nested lists", "- a\n  - b\n    - c", "•a◦b▪c"],
    ["hard breaks", "a  \nb", "ab"],
    ["HTML that means something", "H<sub>2</sub>O<br>x<b>y</b> &copy; &#x41;", "H2Oxy©A"],
    ["HTML that means nothing", "<foo>a</foo> <!-- b -->", "<foo>a</foo><!--b-->"],
    ["math, as text", "$E = mc^2$", "$E=mc^2$"],
    [
      "footnotes, and those of footnotes",
      "a[^x] b[^y]\n\n[^y]: why[^z]\n[^x]: ex\n[^z]: zed",
      "a1b21ex2why33zed",
    ],
    ["a footnote that nobody has written", "a[^x]", "a[^x]"],
    ["footnotes in code, as they are", "```\n[^a]: b\n```", "[^a]:b"],
    ["code with its spaces", "```js\nif (a) {\n  b;\n}\n```", "if(a){b;}"],
    [
      "names of JavaScript's objects",
      "# `__proto__`\n\n## constructor\n\n[^toString]",
      "__proto__constructor[^toString]",
    ],
    [
      "data addresses in code",
      "`![a](data:image/png;base64,iVBORw0K)`",
      "![a](data:image/png;base64,iVBORw0K)",
    ],
  ])("keeps %s", async (_what, markdown, text) => {
    expect(await textOf(markdown)).toBe(`${text}1/1`);
  });

  test("links lead to the web, to mailboxes and to headings, and nowhere else", async () => {
    const markdown =
      "# Some heading\n\n[a](https://a.example/x) <b@c.example> https://d.example [e](#some-heading) " +
      "[f](javascript:alert(1)) [g](file:///etc/passwd) [h](/api/keys) ![i](https://j.example/k.png)";
    const { bytes } = await exported(markdown);
    expect((await readBack(bytes)).links).toEqual([
      "https://a.example/x",
      "mailto:b@c.example",
      "https://d.example/",
      "#to:some-heading",
      "https://j.example/k.png",
    ]);
  });
});

describe("tables", () => {
  test("go on over pages, with their head on each", async () => {
    const rows = Array.from({ length: 120 }, (_, row) => `| row${row} | ${row} |`).join("\n");
    const { pages } = await readBack((await exported(HEAD + rows)).bytes);
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(page).toContain("Name");
    const text = squeezed(pages.join(""));
    for (let row = 0; row < 120; row += 1) expect(text).toContain(`row${row}`);
  });

  test("break a cell that is longer than a page", async () => {
    const words = Array.from({ length: 3_000 }, (_, word) => `w${word}`);
    const { pages } = await readBack((await exported(`${HEAD}| a | ${words.join(" ")} |`)).bytes);
    expect(pages.length).toBeGreaterThan(2);
    const text = pages.join("\n").match(/w\d+/g);
    expect(text).toEqual(words);
  });

  test("that are wide lie on their side, and wider ones come in groups of columns", async () => {
    const table = (columns: number): string => {
      const line = (cell: (column: number) => string): string =>
        `|${Array.from({ length: columns }, (_, column) => cell(column)).join("|")}|\n`;
      return line((column) => `Heading${column}`) + line(() => "---") + line((column) => `cell${column}`);
    };
    const wide = await readBack((await exported(table(10))).bytes);
    expect(wide.sizes).toEqual([[842, 595]]);
    const { bytes } = await exported(`before\n\n${table(40)}\nafter`);
    const { sizes, pages } = await readBack(bytes);
    expect(sizes).toEqual([
      [595, 842],
      [842, 595],
      [595, 842],
    ]);
    const text = squeezed(pages.join(""));
    for (let column = 0; column < 40; column += 1) expect(text).toContain(`cell${column}`);
    expect(text.split("Heading0").length).toBeGreaterThan(3);
  });
});

describe("characters", () => {
  test.each([
    ["Latin, Greek, Cyrillic", "Žluťoučký Ελληνικά Привет Tiếng Việt ﬁ ½ €"],
    ["Devanagari", "नमस"],
    ["signs", "→ ≤ ≥ ∑ ∞ ✓ ✗ ☐ ① ╔═╗ █"],
    ["emoji", "😀 👍🏽 👨‍👩‍👧‍👦 🇫🇷 ✅ ⚠️ 1️⃣"],
    ["Hebrew and Arabic", "שלום עולם مرحبا بالعالم ١٢٣ پارسی"],
  ])("of the fonts that are always there: %s", async (_what, text) => {
    expect((await exported(text, {}, ownFonts)).missingGlyphs).toBe(0);
    expect((await exported(`\`${text}\` **${text}** *${text}*`, {}, ownFonts)).missingGlyphs).toBe(0);
  });

  test.each([
    ["Chinese", "你好，世界。國際化"],
    ["Japanese", "日本語のテキスト、カタカナ"],
    ["Korean", "한국어 텍스트"],
  ])("of optional fonts: %s", async (_what, text) => {
    const { bytes, missingGlyphs } = await exported(text);
    expect(missingGlyphs).toBe(0);
    expect(squeezed((await readBack(bytes)).pages.join(""))).toBe(`${squeezed(text)}1/1`);
    const without = await exported(text, {}, ownFonts);
    expect(without.missingGlyphs).toBe(text.match(/[\p{L}，。、]/gu)?.length);
    // Text stays text where its font is missing: readers copy what was written.
    expect(without.bytes.length).toBeLessThan(bytes.length);
  });

  test("controls and halves of characters do not reach the page", async () => {
    expect(await textOf("a\u0000b\u0007c\ud800d\u200be")).toBe("abc\ufffdde1/1".replace("\ufffd", "�"));
  });

  test.each([
    ["in Arabic", "مرحبا بالعالم", ["بالعالم", "مرحبا"]],
    ["in Hebrew with a number", "מספר 42 (סוף)", ["סוף", "42", "מספר"]],
  ])("from right to left: words %s stand in order", async (_what, markdown, fromLeft) => {
    const { bytes } = await exported(markdown);
    const { places } = await readBack(bytes);
    const lefts = fromLeft.map((word) => places.find(({ text }) => text.includes(word))?.x ?? Number.NaN);
    expect(lefts).toEqual([...lefts].sort((a, b) => a - b));
  });
});

describe("pictures", () => {
  const RED =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC";

  test.each([
    ["in the text are drawn", `a ![red](${RED}) b`, "ab"],
    ["of other servers are their words", "![words](https://a.example/b.png)", "words"],
    ["without words are their addresses", "![](https://a.example/b.png)", "https://a.example/b.png"],
    ["that are no pictures are their words", "![words](data:image/png;base64,AAAA)", "words"],
    ["that are damaged are their words", `![words](${RED.slice(0, 80)})`, "words"],
  ])("%s", async (_what, markdown, text) => {
    expect(await textOf(markdown)).toBe(`${text}1/1`);
  });
});

describe("texts that are meant to take long", () => {
  const LENGTH = 40_000;
  const fill = (unit: string): string => unit.repeat(Math.floor(LENGTH / unit.length));
  test.each([
    ["nested lists", "- ".repeat(10_000)],
    ["stars", fill("*")],
    ["brackets", fill("[a](")],
    ["one word", fill("x")],
    ["one line of code", `\`\`\`js\n${fill("a")}`],
    ["quotes", fill(">")],
    ["open tags", fill("<b>")],
    ["half of a tag", fill("<a ")],
    ["footnotes", fill("[^1]")],
    ["a pile of marks", `a${fill("\u0301")}`],
    ["brackets from right to left", fill("ש(")],
    ["spaces", `a${fill(" ")}b`],
    ["columns", fill("|")],
  ])("%s", async (_what, markdown) => {
    expect((await exported(markdown)).pages).toBeGreaterThan(0);
  });

  test("more pages than a document may have", async () => {
    await expect(exported("# a\n".repeat(40_000))).rejects.toMatchObject({ name: "TooManyPages" });
  }, 60_000);
});
