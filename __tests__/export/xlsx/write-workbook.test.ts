import { beforeAll, describe, expect, test } from "vitest";
import { markdownTable } from "#lib/documents/markdown-table.ts";
import { readXlsx } from "#lib/documents/xlsx/read-xlsx.ts";
import type { CellInput, SheetTable } from "#lib/export/xlsx/sheet.ts";
import { writeWorkbook } from "#lib/export/xlsx/write-workbook.ts";
import { fc } from "../../support/properties.ts";
import { type FileCell, type FileSheet, readWorkbookFile } from "../../support/workbook.ts";
import { CELLS, type CellCase } from "./attacks.ts";

const MS_PER_DAY = 86_400_000;
/** What the days of a workbook are counted from. */
const EPOCH = Date.UTC(1899, 11, 30);

async function written(tables: readonly SheetTable[]): Promise<FileSheet[]> {
  return readWorkbookFile(await writeWorkbook(tables));
}

async function sheet(rows: SheetTable["rows"], headers: readonly string[] = ["A"]): Promise<FileSheet> {
  const [only] = await written([{ name: "One", headers, rows }]);
  if (only === undefined) throw new Error("There is no sheet.");
  return only;
}

/** A date as its format shows it. */
function shownDate({ value, format }: FileCell): string {
  const time = new Date(EPOCH + Math.round(Number(value) * MS_PER_DAY)).toISOString();
  const parts: Record<string, string> = {
    "yyyy-mm-dd": time.slice(0, 10),
    "hh:mm": time.slice(11, 16),
    ":ss": time.slice(16, 19),
    ".000": time.slice(19, 23),
    '"UTC"': "UTC",
  };
  return format.replace(/yyyy-mm-dd|hh:mm|:ss|\.000|"UTC"/g, (part) => parts[part] ?? "?");
}

function found(cell: FileCell | undefined): Pick<CellCase, "kind" | "is"> {
  if (cell === undefined || (cell.type === "n" && cell.value === undefined)) return { kind: "empty" };
  switch (cell.type) {
    case "s":
    case "inlineStr":
      return { kind: "text", is: cell.value ?? "" };
    case "b":
      return { kind: "boolean", is: String(cell.value === "1") };
    case "n":
      if (cell.format.includes("yyyy")) return { kind: "date", is: shownDate(cell) };
      return { kind: "number", is: String(Number(cell.value)) };
    default:
      throw new Error(`A cell is of type ${cell.type}.`);
  }
}

function wanted({ given, kind, is = String(given) }: CellCase): Pick<CellCase, "kind" | "is"> {
  return kind === "empty" ? { kind } : { kind, is };
}

const named = (value: CellInput): string => JSON.stringify(value)?.slice(0, 60) ?? "nothing";

describe("cells", () => {
  let cells: FileSheet["cells"];
  beforeAll(async () => {
    ({ cells } = await sheet(CELLS.map(({ given }) => [given])));
  });

  test.each(CELLS.map((one, index) => [named(one.given), one.kind, one, index] as const))(
    "%s is %s",
    (_given, _kind, one, index) => {
      const cell = cells.get(`A${index + 2}`);
      expect(found(cell)).toEqual(wanted(one));
      expect(cell?.hasFormula ?? false).toBe(false);
    },
  );

  test.each([
    ["=1+1", "@"],
    ["-1", "@"],
    ["\t=1", "@"],
    ["007", "@"],
    ["#N/A", "@"],
    ["SEPT2", "@"],
    ["plain", "General"],
    ["a=1", "General"],
    ["Märchen 1", "General"],
  ])("%j has the format %s, so that an edit leaves it text", async (given, format) => {
    const { cells } = await sheet([[given]]);
    expect(cells.get("A2")?.format).toBe(format);
  });

  test("any text is read as it was written", async () => {
    const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 20 }), async (given) => {
        const { cells } = await sheet(given.map((text) => [`.${text}.`]));
        const read = given.map((_, index) => cells.get(`A${index + 2}`)?.value);
        const kept = (text: string): string =>
          text.replaceAll("\r\n", "\n").replace(/[\uFFFE\uFFFF]/g, "\uFFFD");
        expect(read).toEqual(given.map((text) => `.${kept(text)}.`));
      }),
      { numRuns: 50 },
    );
  });

  test("our own reader sees what was written", async () => {
    const shown = CELLS.filter(
      ({ kind, is, given }) => kind !== "number" && (is ?? String(given)).length < 1_000,
    );
    const rows = shown.map(({ given }) => ["cell", given]);
    const { sections } = await readXlsx(
      await writeWorkbook([{ name: "One", headers: ["What", "Value"], rows }]),
      () => 0,
    );
    const texts = shown.map((one) => ["cell", textShown(one)]);
    expect(sections.map(({ text }) => text)).toEqual([markdownTable([["What", "Value"], ...texts])]);
  });
});

function textShown({ kind, given, is = String(given) }: CellCase): string {
  if (kind === "empty") return "";
  return kind === "boolean" ? is.toUpperCase() : is;
}

describe("a sheet", () => {
  test("has a bold header that stays in view, filters, and is printed on each page", async () => {
    const bytes = await writeWorkbook([{ name: "It's", headers: ["Name", "Amount"], rows: [["a", 1]] }]);
    const [only] = await readWorkbookFile(bytes);
    expect(only?.xml).toContain('<pane ySplit="1" topLeftCell="A2" state="frozen" activePane="bottomLeft"/>');
    expect(only?.xml).toContain('<autoFilter ref="A1:B2"/>');
  });

  test("is as wide as its longest row; missing headers and cells are empty", async () => {
    const { cells, xml } = await sheet([["a", "b", "c"], [], ["d"]], ["One"]);
    expect([...cells.values()].map(({ value }) => value).filter((value) => value !== undefined)).toEqual([
      ..."One a b c d".split(" "),
    ]);
    expect(xml).toContain('<autoFilter ref="A1:C4"/>');
  });

  test.each<[string, CellInput, number]>([
    ["short text", "ab", 8],
    ["CJK, which is twice as wide", "漢字".repeat(5), 22],
    ["a long text, which is wrapped", "word ".repeat(500), 60],
    ["the longest line of several", `${"x".repeat(20)}\nshort`, 22],
    ["combining marks, which take no room", "e\u0301".repeat(20), 22],
    ["a date", "2026-11-27", 12],
    ["a long number", 0.1 + 0.2, 16],
  ])("gives %s its room", async (_what, value, width) => {
    const { xml } = await sheet([[value]], [""]);
    expect(/<col min="1" max="1" width="(\d+)"/.exec(xml)?.[1]).toBe(String(width));
  });

  test("does not grow without end below a long text", async () => {
    const { xml } = await sheet([["x".repeat(30_000)], ["a\nb"], ["a"]]);
    expect(
      [...xml.matchAll(/<row r="(\d+)"(?: ht="(\d+)")?/g)].map(([, row, height]) => [row, height]),
    ).toEqual([
      ["1", undefined],
      ["2", "300"],
      ["3", "30"],
      ["4", undefined],
    ]);
  });

  test("may have no rows, and no headers", async () => {
    expect((await sheet([])).cells.get("A1")?.value).toBe("A");
    expect((await sheet([], [])).cells.size).toBe(0);
  });
});

describe("names of sheets", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["are kept", ["Sales 2026", "漢字", "=1+1", "a'b"], ["Sales 2026", "漢字", "=1+1", "a'b"]],
    ["lose what Excel forbids", ["a[b]:c*d?e/f\\g"], ["a-b--c-d-e-f-g"]],
    ["lose apostrophes at their ends", ["'quoted'", "''", "' a '"], ["quoted", "Sheet2", "a"]],
    ["are not empty", ["", "  ", "\u0000\u200b"], ["Sheet1", "Sheet2", "Sheet3"]],
    ["are at most 31 characters long", ["x".repeat(40)], ["x".repeat(31)]],
    ["are not cut within a character", [`${"x".repeat(30)}😀`], ["x".repeat(30)]],
    ["do not end in an apostrophe once they are cut", [`${"x".repeat(30)}'y`], ["x".repeat(30)]],
    ["differ, whatever their case", ["A", "a", "A"], ["A", "a (2)", "A (3)"]],
    [
      "differ also when they are long",
      [`${"x".repeat(31)}1`, `${"x".repeat(31)}2`],
      ["x".repeat(31), `${"x".repeat(27)} (2)`],
    ],
    ["differ from the names of others", ["a (2)", "a", "A"], ["a (2)", "a", "A (3)"]],
    ["are not the one that Excel keeps", ["History", "HISTORY"], ["History (2)", "HISTORY (3)"]],
    ["may be those of every object", ["__proto__", "constructor"], ["__proto__", "constructor"]],
    ["lose control characters and half pairs", ["a\u0007b\ud83d"], ["a b\ufffd"]],
  ])("%s", async (_what, given, names) => {
    const sheets = await written(given.map((name) => ({ name, headers: ["A"], rows: [] })));
    expect(sheets.map(({ name }) => name)).toEqual(names);
  });

  test("any names are accepted, and each is there once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 8 }),
        async (given) => {
          const sheets = await written(given.map((name) => ({ name, headers: ["A"], rows: [] })));
          const names = sheets.map(({ name }) => name.toLowerCase());
          expect(new Set(names).size).toBe(given.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
