import { describe, expect, test } from "vitest";
import { readDocument } from "#lib/documents/read-document.ts";
import { formatNumber } from "#lib/documents/xlsx/format-number.ts";
import { makeXlsx, type Parts, relationships, SHEET_NS } from "../support/office.ts";

const STRICT_NS = "http://purl.oclc.org/ooxml/spreadsheetml/main";
const strings = (items: string) => ({ "xl/sharedStrings.xml": `<sst xmlns="${SHEET_NS}">${items}</sst>` });
const sheetXml = (xml: string) => ({ "xl/worksheets/sheet1.xml": xml });
const shared = (index: number) => `<c t="s"><v>${index}</v></c>`;

const SHAPES: readonly { what: string; rows?: string; parts?: Parts; text: string }[] = [
  {
    what: "cells and rows without references, as small writers leave them out",
    rows: `<row><c t="str"><v>a</v></c><c><v>1</v></c></row><row><c t="str"><v>b</v></c><c><v>2</v></c></row>`,
    text: "| A | B |\n| --- | --- |\n| a | 1 |\n| b | 2 |",
  },
  {
    what: "names with a prefix",
    parts: sheetXml(
      `<x:worksheet xmlns:x="${SHEET_NS}"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>pre</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>`,
    ),
    text: "pre",
  },
  {
    what: "strict Open XML with ISO dates",
    parts: sheetXml(
      `<worksheet xmlns="${STRICT_NS}"><sheetData><row><c t="d"><v>2026-03-01T00:00:00</v></c></row><row><c t="d"><v>2026-03-01T12:30:00</v></c></row></sheetData></worksheet>`,
    ),
    text: "2026-03-01\n2026-03-01 12:30:00",
  },
  {
    what: "parts in UTF-16",
    parts: {
      "xl/worksheets/sheet1.xml": Buffer.from(
        `\ufeff<?xml version="1.0" encoding="UTF-16"?><worksheet xmlns="${SHEET_NS}"><sheetData><row><c t="str"><v>größe</v></c></row></sheetData></worksheet>`,
        "utf16le",
      ),
    },
    text: "größe",
  },
  {
    what: "shared strings with runs, readings, escapes and entities",
    rows: `<row>${shared(0)}</row><row>${shared(1)}</row><row>${shared(2)}</row>`,
    parts: strings(
      `<si><r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r></si><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si><t>a_x000D_b &#x1F600; &amp;lt;</t></si>`,
    ),
    text: "rich\n東京\na\rb 😀 &lt;",
  },
  {
    what: "exponents in rich texts, shared or in their cells",
    rows: `<row>${shared(0)}</row><row><c t="inlineStr"><is><r><t>km</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r><r><t> 3</t></r></is></c></row>`,
    parts: strings(
      `<si><r><t>10</t></r><r><rPr><b/><vertAlign val="superscript"/></rPr><t>-6</t></r><r><rPr><vertAlign val="baseline"/></rPr><t> 2</t></r></si>`,
    ),
    text: "10⁻⁶ 2\nkm² 3",
  },
  {
    what: "formulas: with a result, with an empty one, and without any",
    rows: `<row><c t="str"><f>A2</f><v>done</v></c></row><row><c t="str"><f>B2</f><v></v></c></row><row><c><f>SUM(A1:A9)</f></c></row>`,
    text: "done\n\n[formula without a result: =SUM(A1:A9)]",
  },
  {
    what: "errors, booleans, and numbers with fifteen digits and more",
    rows: `<row><c t="e"><v>#N/A</v></c></row><row><c t="b"><v>0</v></c></row><row><c><v>12345678901234567890</v></c></row><row><c><v>0.30000000000000004</v></c></row><row><c><v>1.5E+3</v></c></row>`,
    text: "#N/A\nFALSE\n12345678901234567890\n0.3\n1500",
  },
  {
    what: "text that looks like a number stays as it is",
    rows: `<row><c t="inlineStr"><is><t>00123</t></is></c></row><row><c t="inlineStr"><is><t>1E5</t></is></c></row>`,
    text: "00123\n1E5",
  },
  {
    what: "empty rows and cells with nothing but a format",
    rows: `<row r="3"><c r="B3" s="1"/><c r="C3" t="str"><v>only</v></c></row><row r="9"><c r="B9" s="1"/></row>`,
    text: "only",
  },
  {
    what: "links to scripts and files are text",
    parts: {
      ...sheetXml(
        `<worksheet xmlns="${SHEET_NS}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheetData><row r="1"><c r="A1" t="str"><v>press</v></c></row><row r="2"><c r="A2" t="str"><v>open</v></c></row></sheetData><hyperlinks><hyperlink ref="A1" r:id="rId1"/><hyperlink ref="A2" r:id="rId2"/></hyperlinks></worksheet>`,
      ),
      "xl/worksheets/_rels/sheet1.xml.rels": relationships(
        ["hyperlink", "javascript:alert(1)", "External"],
        ["hyperlink", "file:///etc/passwd", "External"],
      ),
    },
    text: "press\nopen",
  },
];

describe("workbooks as different writers make them", () => {
  test.each(SHAPES)("$what", async ({ rows = "", parts = {}, text }) => {
    const { sections } = await readDocument(makeXlsx(rows, parts));
    expect(sections).toEqual([{ label: 'Sheet "One"', text }]);
  });

  test("threads of comments are read once, and say who is answered", async () => {
    const file = makeXlsx(`<row r="1"><c r="A1"><v>5</v></c></row>`, {
      "xl/worksheets/_rels/sheet1.xml.rels": relationships(
        ["comments", "../comments1.xml"],
        ["threadedComment", "../threadedComments/t1.xml"],
      ),
      "xl/comments1.xml": `<comments xmlns="${SHEET_NS}"><commentList><comment ref="A1"><text><t>[Threaded comment] Right? Reply: Yes</t></text></comment><comment ref="C7"><text><t>Nothing here</t></text></comment></commentList></comments>`,
      "xl/threadedComments/t1.xml": `<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><threadedComment ref="A1" id="1"><text>Right?</text></threadedComment><threadedComment ref="A1" id="2" parentId="1"><text>Yes</text></threadedComment></ThreadedComments>`,
    });
    expect((await readDocument(file)).sections[0]?.text).toBe(
      "5 [Comment: Right? / Yes]\n\nComment on C7: Nothing here",
    );
  });

  test("rows beyond those that are read are only counted while there is time", async () => {
    const file = makeXlsx("<row><c><v>1</v></c></row>".repeat(50_000));
    let clock = 0;
    const notes = async (ms: number) => (await readDocument(file, () => (clock += ms))).notes[0];
    expect(await notes(0)).toBe('Only the first 5,000 of 50,000 rows of sheet "One" were read.');
    expect(await notes(10_000)).toMatch(/^Only the first 5,000 of more than \d,\d{3} rows of sheet "One"/);
  });

  test("a workbook without content says so", async () => {
    await expect(readDocument(makeXlsx(""))).rejects.toMatchObject({ problem: "no_text" });
  });
});

test.each([
  ["0.256", "0.0%", "25.6%"],
  ["-0.256", "0.00%;[Red]-0.00%", "-25.60%"],
  ["1234.5", '#,##0.00 "€"', "1,234.50 €"],
  ["1234.5", "[$€-407] #,##0.00", "€ 1,234.50"],
  ["-1234.5", '_-* #,##0.00 [$€-407]_-;-* #,##0.00 [$€-407]_-;_-* "-"?? [$€-407]_-', "-1,234.50 €"],
  ["0", '_-* #,##0.00 [$€-407]_-;-* #,##0.00 [$€-407]_-;_-* "-"?? [$€-407]_-', "- €"],
  ["1.5208333333", '[h]"h" mm"m"', "36h 30m"],
  ["0.5", 'h"h" mm"m"', "12h 00m"],
  ["46082", 'dddd "the" d', "Sunday the 1"],
  ["12", '0" %"', "12 %"],
  ["12.5", "0.0\\%", "12.5%"],
  ["-1", "[<1]0.00;[>=100]0;0.0", "-1.00"],
  ["50", "[<1]0.00;[>=100]0;0.0", "50.0"],
  ["3", '[=1]"Yes";[=3]"three";General', "three"],
  ["-5", 'General" kg"', "-5 kg"],
  ["-0.5", "# ??/??", "-1/2"],
  ["-0.4", "0", "0"],
  ["1.25", "# ?/?", "1 1/4"],
  ["0.0833333333333333", "[h]:mm", "2:00"],
  ["1.5", "[h]:mm:ss", "36:00:00"],
  ["46082", "[$-409]d-mmm-yyyy;@", "1-Mar-2026"],
  ["46082.4375", "dd/mm/yyyy hh:mm", "2026-03-01 10:30"],
  ["46082", "[$-809]d\\/m\\/yyyy;@", "2026-03-01"],
  ["46082", "m/d/yy", "2026-03-01"],
  ["46082.4375", "mm-dd-yy h:mm AM/PM", "2026-03-01 10:30 AM"],
  ["46082", "d/m", "1 Mar"],
  ["46082", "mm/dd", "Mar 1"],
  ["46082", "ddd d/m/yyyy", "Sun 2026-03-01"],
  ["46082", "d.m.yyyy", "1.3.2026"],
  ["46082", "yyyy/m/d", "2026/3/1"],
  ["46082", "d-mmm-yy", "1-Mar-26"],
  ["46082", "mm/yyyy", "03/2026"],
  ["46082", "mmmmm", "Mar"],
  ["1.25", "?/?", "1 1/4"],
  ["0.25", "?/?", "1/4"],
  ["1.25", "0 ??/??", "1 1/4"],
  ["1.25", "#??/??", "1 1/4"],
  ["12345.678", "##0.0E+0", "1.235E+4"],
  ["12345.678", "0.00E+00", "1.23E+04"],
  ["1.005", "0.00", "1.01"],
  ["-2.675", "0.00", "-2.68"],
  ["0.145", "0%", "15%"],
  ["1.00499999999999", "0.00", "1.00"],
  ["46082", "[$-411]ge.m.d", "2026-03-01"],
  ["-3", "yyyy-mm-dd", "-3"],
  ["9999999", "yyyy-mm-dd", "9999999"],
  ["5", 'General" kg"', "5 kg"],
  ["-5", "General", "-5"],
  ["1", ";;;", ""],
  ["12.5", "@", "12.5"],
  ["1.5", `0.${"0".repeat(120)}`, "1.5"],
  ["not a number", "0.00", "not a number"],
])("the number %s with the format %s shows %s", (value, code, shown) => {
  expect(formatNumber(value, code, false)).toBe(shown);
});
