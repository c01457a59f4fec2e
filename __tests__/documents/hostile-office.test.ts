import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { makeDocx, makeXlsx, relationships, SHEET_NS, WORD_NS } from "../support/office.ts";
import { readInChild } from "../support/read-in-child.ts";
import { makeZip } from "../support/zip.ts";

/** What the process may grow by, megabytes: with the thread and what the libraries take. */
const MAX_GROWTH_MB = 150;
/** How long its event loop may be held up, milliseconds: some ten, and the rest for what else the machine does. */
const MAX_DELAY_MS = 1_000;
const MB = 1024 * 1024;

const LAUGHS = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`;
const EXTERNAL = `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`;
const cell = (reference: string, text: string) => `<c r="${reference}" t="str"><v>${text}</v></c>`;
const paragraph = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
const sheet = (rows: string) => `<worksheet xmlns="${SHEET_NS}"><sheetData>${rows}</sheetData></worksheet>`;
const bomb = (size: number) =>
  Buffer.concat([Buffer.from(`<worksheet xmlns="${SHEET_NS}"><sheetData>`), Buffer.alloc(size, " ")]);

/** A part of 200 MB of spaces, of which the directory says that it has 2 MB. */
const spaces = deflateRawSync(Buffer.alloc(200 * MB, " "), { level: 6 });
const lie = { name: "xl/worksheets/sheet1.xml", data: "", deflated: spaces, declaredSize: 2 * MB };

type Outcome = { problem: string } | { text: string; notes?: string[] };

const CASES: readonly [what: string, file: () => Uint8Array, expected: Outcome][] = [
  [
    "an xlsx of 240 KB that unpacks to 240 MB",
    () => makeXlsx("", { "xl/worksheets/sheet1.xml": bomb(240 * MB) }),
    { problem: "too_large" },
  ],
  [
    "a part that unpacks to a hundred times what it says",
    () => makeXlsx("", { [lie.name]: lie }),
    { problem: "damaged" },
  ],
  [
    "a part that says 4 GB",
    () => makeXlsx("", { "a.xml": { name: "a.xml", data: "", declaredSize: 0xfffffffe } }),
    { problem: "too_large" },
  ],
  [
    "entries that share their bytes",
    () => makeXlsx(cell("A1", "x"), { "b.xml": { name: "b.xml", data: "", sameAs: 3 } }),
    { problem: "damaged" },
  ],
  [
    "two parts of one name",
    () => makeXlsx("", { other: { name: "XL/worksheets/SHEET1.xml", data: sheet("") } }),
    { problem: "damaged" },
  ],
  [
    "60,000 entries",
    () => makeXlsx("", Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`p${at}`, ""]))),
    { problem: "too_large" },
  ],
  [
    "an archive in the archive, which is not opened",
    () => makeXlsx(`<row r="1">${cell("A1", "read")}</row>`, { "xl/embeddings/a.zip": makeZip([lie]) }),
    { text: "read" },
  ],
  [
    "an encrypted entry",
    () =>
      makeXlsx("", {
        "xl/worksheets/sheet1.xml": { name: "xl/worksheets/sheet1.xml", data: sheet(""), flags: 1 },
      }),
    { problem: "encrypted" },
  ],
  [
    "a password: EncryptedPackage in a compound file",
    () =>
      Buffer.concat([
        Buffer.from("d0cf11e0a1b11ae1", "hex"),
        Buffer.alloc(504),
        Buffer.from("EncryptedPackage\0", "utf16le"),
        Buffer.alloc(600),
      ]),
    { problem: "encrypted" },
  ],
  ["an archive that is cut off", () => makeXlsx(cell("A1", "x")).subarray(0, 700), { problem: "damaged" }],
  [
    "bytes behind the archive",
    () => Buffer.concat([makeXlsx(cell("A1", "x")), Buffer.alloc(99, "x")]),
    { problem: "damaged" },
  ],
  ["no workbook", () => makeXlsx("", { "xl/workbook.xml": null }), { problem: "damaged" }],
  [
    "entities in shared strings",
    () =>
      makeXlsx(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, {
        "xl/sharedStrings.xml": `${LAUGHS}<sst xmlns="${SHEET_NS}"><si><t>&b;</t></si></sst>`,
      }),
    { problem: "damaged" },
  ],
  [
    "entities in shared strings in UTF-16",
    () =>
      makeXlsx(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, {
        "xl/sharedStrings.xml": Buffer.from(
          `\ufeff${LAUGHS}<sst xmlns="${SHEET_NS}"><si><t>&b;</t></si></sst>`,
          "utf16le",
        ),
      }),
    { problem: "damaged" },
  ],
  [
    "entities in a document",
    () =>
      makeDocx("", {
        "word/document.xml": `${LAUGHS}<w:document xmlns:w="${WORD_NS}">${paragraph("&b;")}</w:document>`,
      }),
    { problem: "damaged" },
  ],
  [
    "a file as an entity",
    () =>
      makeDocx("", {
        "word/document.xml": `${EXTERNAL}<w:document xmlns:w="${WORD_NS}">${paragraph("&e;")}</w:document>`,
      }),
    { problem: "damaged" },
  ],
  [
    "links to files, and files to put in",
    () =>
      makeDocx(
        `${paragraph("text")}<w:altChunk r:id="rId1"/><w:p><w:hyperlink r:id="rId2"><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>`,
        {
          "word/_rels/document.xml.rels": relationships(
            ["aFChunk", "file:///etc/passwd", "External"],
            ["hyperlink", "file:///etc/passwd", "External"],
          ),
        },
      ),
    { text: "text\n\nlink", notes: ["Files that are embedded in the document were not read."] },
  ],
  [
    "parts outside of the archive",
    () =>
      makeXlsx("", {
        "xl/_rels/workbook.xml.rels": relationships(["worksheet", "../../../../../../etc/passwd"]),
      }),
    { problem: "no_text" },
  ],
  [
    "names with backslashes and a slash in front, as some writers have them",
    () =>
      makeXlsx("", {
        "xl/worksheets/sheet1.xml": null,
        sheet: { name: "\\xl\\worksheets\\sheet1.xml", data: sheet(`<row>${cell("A1", "read")}</row>`) },
      }),
    { text: "read" },
  ],
  ["elements 100,000 deep", () => makeDocx("<w:p>".repeat(100_000)), { problem: "too_complex" }],
  [
    "tables 100 deep",
    () =>
      makeDocx(
        `${"<w:tbl><w:tr><w:tc>".repeat(100)}${paragraph("core")}${"</w:tc></w:tr></w:tbl>".repeat(100)}${paragraph("end")}`,
      ),
    { text: "end" },
  ],
  [
    "a paragraph of a million runs",
    () => makeDocx(`<w:p>${"<w:r><w:t>a</w:t></w:r>".repeat(1_000_000)}</w:p>`),
    { problem: "too_complex" },
  ],
  [
    "a paragraph of 400,000 runs with attributes",
    () =>
      makeDocx(
        `<w:p>${`<w:r w:rsidR="00A1B2C3" w:rsidRPr="00A1B2C3D4E5F60718293A"/>`.repeat(400_000)}</w:p>`,
      ),
    { problem: "too_complex" },
  ],
  [
    "an attribute of 30 MB",
    () => makeDocx(`<w:p w:x="${"AAAA".repeat(7 * MB)}"><w:r><w:t>x</w:t></w:r></w:p>`),
    { problem: "damaged" },
  ],
  [
    "elements 60 deep, each with half a megabyte of attributes",
    () =>
      makeDocx(
        `<w:p ${Array.from({ length: 5 }, (_, at) => `a${at}="${"x".repeat(100_000)}"`).join(" ")}>`.repeat(
          60,
        ),
      ),
    { problem: "damaged" },
  ],
  [
    "a table of 200,000 rows",
    () => makeDocx(`<w:tbl>${`<w:tr><w:tc>${paragraph("cell")}</w:tc></w:tr>`.repeat(200_000)}</w:tbl>`),
    { text: "cell", notes: ["The last 180,000 rows of long tables were not read."] },
  ],
  [
    "300,000 paragraphs",
    () => makeDocx(paragraph("word").repeat(300_000)),
    {
      text: "word\n\nword",
      notes: [expect.stringMatching(/^Only about the first 6\d\d,\d{3} characters were read/)],
    },
  ],
  [
    "styles and lists in circles",
    () =>
      makeDocx(`<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>round</w:t></w:r></w:p>`, {
        "word/_rels/document.xml.rels": relationships(
          ["styles", "styles.xml"],
          ["numbering", "numbering.xml"],
        ),
        "word/styles.xml": `<w:styles xmlns:w="${WORD_NS}"><w:style w:styleId="a"><w:basedOn w:val="b"/></w:style><w:style w:styleId="b"><w:basedOn w:val="a"/><w:numPr><w:numId w:val="1"/></w:numPr></w:style></w:styles>`,
        "word/numbering.xml": `<w:numbering xmlns:w="${WORD_NS}"><w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="b"/></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
      }),
    { text: "round" },
  ],
  [
    "a million empty cells",
    () =>
      makeXlsx(
        `<row r="1">${cell("A1", "only")}</row>${`<row>${`<c s="1"/>`.repeat(1_000)}</row>`.repeat(1_000)}`,
      ),
    { text: "only" },
  ],
  [
    "one cell in the last corner",
    () => makeXlsx(`<row r="1048576">${cell("XFD1048576", "corner")}</row>`),
    { text: "corner" },
  ],
  [
    "16,384 columns",
    () =>
      makeXlsx(
        `<row r="1">${Array.from({ length: 16_384 }, (_, at) => `<c t="str"><v>h${at}</v></c>`).join("")}</row>`,
      ),
    { text: "| h0 |", notes: ['Only the first 256 of 16,384 columns of sheet "One" were read.'] },
  ],
  [
    "100,000 sheets",
    () =>
      makeXlsx(`<row r="1">${cell("A1", "x")}</row>`, {
        "xl/workbook.xml": `<workbook xmlns="${SHEET_NS}" xmlns:q="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>${`<sheet name="s" sheetId="1" q:id="rId1"/>`.repeat(100_000)}</sheets></workbook>`,
      }),
    { text: "x", notes: ["Only the first 200 of 100,000 sheets were read."] },
  ],
  [
    "a million rows",
    () => makeXlsx(Array.from({ length: 1_000_000 }, (_, at) => `<row><c><v>${at}</v></c></row>`).join("")),
    {
      text: "0\n1\n2",
      // Rows beyond the first ones are counted as long as there is time.
      notes: [
        expect.stringMatching(
          /^Only the first 5,000 of (?:1,000,000|more than [\d,]+) rows of sheet "One" were read\.$/,
        ),
      ],
    },
  ],
  [
    "two sheets of which the first takes all the room",
    () =>
      makeXlsx(`<row>${"<c><v>1</v></c>".repeat(250)}</row>`.repeat(1_000), {
        "xl/workbook.xml": `<workbook xmlns="${SHEET_NS}" xmlns:q="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" q:id="rId1"/><sheet name="Two" q:id="rId1"/></sheets></workbook>`,
      }),
    {
      text: "| A | B |",
      notes: [
        'Only the first 600 of 1,000 rows of sheet "One" were read.',
        'Sheet "Two" was not read, because what is before it is too long.',
      ],
    },
  ],
  [
    "a diagonal of 2,000 cells",
    () =>
      makeXlsx(
        Array.from(
          { length: 2_000 },
          (_, at) => `<row>${"<c/>".repeat(at)}<c><v>${at}</v></c><c><v>1</v></c></row>`,
        ).join(""),
      ),
    { text: "| A | B |" },
  ],
  [
    "a merged range of everything, twenty thousand times",
    () =>
      makeXlsx("", {
        "xl/worksheets/sheet1.xml": `<worksheet xmlns="${SHEET_NS}"><sheetData><row r="1">${cell("A1", "wide")}</row><row r="1048576">${cell("B1048576", "low")}</row></sheetData><mergeCells>${`<mergeCell ref="A1:XFD1048576"/>`.repeat(20_000)}</mergeCells></worksheet>`,
      }),
    { text: "wide" },
  ],
  [
    "shared formulas that refer to each other",
    () =>
      makeXlsx(
        `<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:B1">B1</f></c><c r="B1"><f t="shared" si="0"/></c></row>`,
      ),
    { text: "[formula without a result: =B1]" },
  ],
  [
    "a fraction of twenty digits",
    () =>
      makeXlsx(`<row r="1"><c r="A1" s="0"><v>0.123456789</v></c></row>`, {
        "xl/styles.xml": `<styleSheet xmlns="${SHEET_NS}"><numFmts><numFmt numFmtId="200" formatCode="# ????????????/????????????"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>`,
      }),
    { text: "0.123456789" },
  ],
  [
    "a shared string of 20 MB in every cell",
    () =>
      makeXlsx(`<row>${`<c t="s"><v>0</v></c>`.repeat(250)}</row>`.repeat(1_000), {
        "xl/sharedStrings.xml": `<sst xmlns="${SHEET_NS}"><si><t>${"long ".repeat(4_000_000)}</t></si></sst>`,
      }),
    { text: "long long" },
  ],
];

describe("a hostile file of Office costs a clear error or gives its text, and neither memory nor the event loop", () => {
  test.each(CASES)("%s", { timeout: 60_000 }, async (what, file, expected) => {
    const reading = await readInChild(file());
    const { problem, text, notes, milliseconds, growthMb, delayMs, warnings } = reading;
    console.log(
      `${what}: ${problem ?? "read"}, ${milliseconds} ms, +${growthMb} MB, event loop ${delayMs} ms`,
    );
    if ("problem" in expected) expect(problem, reading.message).toBe(expected.problem);
    else {
      expect(text, reading.message).toContain(expected.text);
      if (expected.notes !== undefined) expect(notes).toEqual(expected.notes);
    }
    expect(warnings).toEqual([]);
    expect(growthMb).toBeLessThan(MAX_GROWTH_MB);
    expect(delayMs).toBeLessThan(MAX_DELAY_MS);
  });
});
