import { describe, expect, test } from "vitest";
import { readDocument } from "#lib/documents/read-document.ts";
import { makeDocx, type Parts, relationships, WORD_NS } from "../support/office.ts";

const run = (text: string, properties = "") =>
  `<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;
const paragraph = (content: string, properties = "") => `<w:p><w:pPr>${properties}</w:pPr>${content}</w:p>`;
const cell = (content: string, properties = "") =>
  `<w:tc><w:tcPr>${properties}</w:tcPr>${paragraph(run(content))}</w:tc>`;
const item = (text: string, list: number, level = 0) =>
  paragraph(run(text), `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${list}"/></w:numPr>`);
const level = (index: number, format: string, text: string, start = 1) =>
  `<w:lvl w:ilvl="${index}"><w:start w:val="${start}"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${text}"/></w:lvl>`;
const field = (code: string, result: string) =>
  `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>${code}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>${run(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>`;

const LISTS: Parts = {
  "word/_rels/document.xml.rels": relationships(["numbering", "numbering.xml"]),
  "word/numbering.xml": `<w:numbering xmlns:w="${WORD_NS}"><w:abstractNum w:abstractNumId="0">${level(0, "decimal", "%1.")}${level(1, "lowerLetter", "%1.%2)")}${level(2, "upperRoman", "§ %3")}</w:abstractNum><w:abstractNum w:abstractNumId="1">${level(0, "bullet", "\uf0b7")}${level(1, "none", "")}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num><w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num></w:numbering>`,
};

const raised = (text: string) => run(text, '<w:vertAlign w:val="superscript"/>');
const lowered = (text: string) => run(text, '<w:vertAlign w:val="subscript"/>');

const SHAPES: readonly { what: string; body: string; parts?: Parts; text: string }[] = [
  {
    what: "exponents are no digits of their number; raised letters and indices read well as they are",
    body: paragraph(
      `${run("25 m")}${raised("2")}${run(", 5 × 10")}${raised("−3")}${run(", the 1")}${raised("st")}${run(", H")}${lowered("2")}${run("O")}`,
    ),
    text: "25 m², 5 × 10⁻³, the 1st, H2O",
  },
  {
    what: "numbers of lists on all levels, started anew and continued",
    body: [
      item("a", 1),
      item("b", 1, 1),
      item("c", 1, 1),
      item("d", 1, 2),
      item("e", 1),
      item("f", 1, 1),
      item("g", 2),
      item("h", 2),
      item("i", 1),
    ].join(""),
    parts: LISTS,
    text: "1. a\n   1.a) b\n   1.b) c\n      § I d\n2. e\n   2.a) f\n7. g\n8. h\n9. i",
  },
  {
    what: "bullets, and items without any mark",
    body: item("dot", 3) + item("bare", 3, 1) + item("none", 0),
    parts: LISTS,
    text: "- dot\n\nbare\n\nnone",
  },
  {
    what: "tracked changes as accepted: runs, paragraphs, rows, moves",
    body:
      paragraph(
        `${run("We ")}<w:del><w:r><w:delText>never </w:delText></w:r></w:del><w:ins>${run("always ")}</w:ins>${run("win.")}`,
      ) +
      paragraph(run("joined "), "<w:rPr><w:del/></w:rPr>") +
      paragraph(run("to this")) +
      `<w:moveFrom>${paragraph(run("old place"))}</w:moveFrom><w:moveTo>${paragraph(run("new place"))}</w:moveTo>` +
      `<w:tbl><w:tr>${cell("kept")}${cell("x")}</w:tr><w:tr><w:trPr><w:del/></w:trPr>${cell("gone")}${cell("y")}</w:tr></w:tbl>`,
    text: "We always win.\n\njoined to this\n\nnew place\n\n| kept | x |\n| --- | --- |",
  },
  {
    what: "cells merged over columns and rows",
    body: `<w:tbl><w:tr>${cell("wide", '<w:gridSpan w:val="2"/>')}${cell("c")}</w:tr><w:tr>${cell("tall", '<w:vMerge w:val="restart"/>')}${cell("1")}${cell("2")}</w:tr><w:tr>${cell("", "<w:vMerge/>")}${cell("3")}${cell("4|5")}</w:tr></w:tbl>`,
    text: "| wide |  | c |\n| --- | --- | --- |\n| tall | 1 | 2 |\n| tall | 3 | 4\\|5 |",
  },
  {
    what: "a table of one cell is a frame",
    body: `<w:tbl><w:tr>${cell("framed")}</w:tr></w:tbl>`,
    text: "framed",
  },
  {
    what: "results of fields, and links in fields",
    body: paragraph(
      run("Page ") + field(" PAGE ", "3") + run(", ") + field(' HYPERLINK "https://example.com/x" ', "here"),
    ),
    text: "Page 3, [here](https://example.com/x)",
  },
  {
    what: "content controls at every level",
    body: `<w:sdt><w:sdtPr/><w:sdtContent>${paragraph(`${run("a ")}<w:sdt><w:sdtContent>${run("b")}</w:sdtContent></w:sdt>`)}<w:tbl><w:sdt><w:sdtContent><w:tr>${cell("c")}<w:sdt><w:sdtContent>${cell("d")}</w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt></w:tbl></w:sdtContent></w:sdt>`,
    text: "a b\n\n| c | d |\n| --- | --- |",
  },
  {
    what: "hidden text is not read",
    body: paragraph(run("seen") + run(" unseen", "<w:vanish/>")),
    text: "seen",
  },
  {
    what: "headings by their level, in any language",
    body:
      paragraph(run("Überschrift"), '<w:pStyle w:val="berschrift2"/>') +
      paragraph(run("own level"), '<w:outlineLvl w:val="2"/>'),
    parts: {
      "word/_rels/document.xml.rels": relationships(["styles", "styles.xml"]),
      "word/styles.xml": `<w:styles xmlns:w="${WORD_NS}"><w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style></w:styles>`,
    },
    text: "## Überschrift\n\n### own level",
  },
  {
    what: "symbols of fonts, and their codes in text",
    body: paragraph(
      `<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>${run(" \uf061", '<w:rFonts w:ascii="Symbol"/>')}`,
    ),
    text: "✓ α",
  },
  {
    what: "text boxes once, though Word writes them twice; images by their description",
    body: paragraph(
      `${run("around")}<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice><w:drawing><wp:docPr xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" descr=" A plan"/><w:txbxContent>${paragraph(run("in the box"))}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>${paragraph(run("in the box"))}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>`,
    ),
    text: "around[image: A plan]\n\nin the box",
  },
];

describe("documents as different writers make them", () => {
  test.each(SHAPES)("$what", async ({ body, parts = {}, text }) => {
    const { sections } = await readDocument(makeDocx(body, parts));
    expect(sections).toEqual([{ text }]);
  });

  test("strict Open XML, and names without a prefix", async () => {
    const strict = `<document xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main"><body><p><r><t>strict</t></r></p></body></document>`;
    expect((await readDocument(makeDocx("", { "word/document.xml": strict }))).sections).toEqual([
      { text: "strict" },
    ]);
  });

  test.each([
    ["nothing", ""],
    [
      "pictures only",
      paragraph(
        '<w:r><w:drawing><wp:docPr xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" descr="Scan"/></w:drawing></w:r>',
      ),
    ],
  ])("a document with %s says that it has no text", async (_, body) => {
    await expect(readDocument(makeDocx(body))).rejects.toMatchObject({ problem: "no_text" });
  });

  test("a document of too many paragraphs says how much was read", async () => {
    const { notes } = await readDocument(makeDocx(paragraph(run("a")).repeat(101_000)));
    expect(notes).toEqual([
      expect.stringMatching(/^Only about the first \d{3},\d{3} characters were read\.$/),
    ]);
  });

  test("a document that is too long says how much was read", async () => {
    const { sections, notes } = await readDocument(
      makeDocx(paragraph(run("word ".repeat(200))).repeat(3_000)),
    );
    expect(notes).toEqual(["Only the first 2,000,000 characters were read."]);
    expect(sections[0]?.text.length).toBe(2_000_000);
  });
});

test("runs of spaces and of brackets take time in proportion to their length", async () => {
  // Warm, so that what is measured is the file.
  await readDocument(makeDocx(paragraph(run("x"))));
  for (const text of [" ", "[image: ", "&amp;", "_x000", "\t\n"]) {
    const start = performance.now();
    await readDocument(makeDocx(paragraph(run(`x${text.repeat(100_000 / text.length)}`))));
    expect(performance.now() - start, JSON.stringify(text)).toBeLessThan(1_000);
  }
});
