import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWorkbook } from "#lib/export/xlsx/write-workbook.ts";
import { CELLS, type CellCase } from "./attacks.ts";

/** What openpyxl and LibreOffice see in our workbooks. Skipped where they are not installed, as in CI. */
const PYTHON = process.env["PYTHON"] ?? "python3";
const SCRIPT = fileURLToPath(new URL("./read-openpyxl.py", import.meta.url));
const run = promisify(execFile);

const isThere = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const hasOpenpyxl = isThere(PYTHON, "-c", "import openpyxl");
const hasLibreOffice = isThere("soffice", "--version");

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-workbook-"));
  file = join(folder, "cells.xlsx");
  const rows = CELLS.map(({ given }, index) => [`case ${index}`, given]);
  const others = [{ name: "It's / 2", headers: ["A", "B"], rows: [[1, 2, 3], []] }];
  await writeFile(
    file,
    await writeWorkbook([{ name: "Cells", headers: ["Case", "Value"], rows }, ...others]),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type PythonCell = { type: string; value: unknown; bold: boolean };
type PythonSheet = { name: string; frozen: string; filter: string; titles: string; rows: PythonCell[][] };

describe.skipIf(!hasOpenpyxl)("openpyxl", () => {
  let sheets: PythonSheet[];
  beforeAll(async () => {
    const { stdout } = await run(PYTHON, [SCRIPT, file], { maxBuffer: 64 * 1024 * 1024 });
    sheets = JSON.parse(stdout) as PythonSheet[];
  });

  test("sees each cell with its type and its value", () => {
    const seen = sheets[0]?.rows.slice(1).map(([, cell]) => [cell?.type, cell?.value]);
    expect(seen).toEqual(CELLS.map(inPython));
  });

  test("sees headers, filters, what is frozen and what is printed on each page", () => {
    expect(sheets.map(({ rows: _, ...sheet }) => sheet)).toEqual([
      { name: "Cells", frozen: "A2", filter: `A1:B${CELLS.length + 1}`, titles: "$1:$1" },
      { name: "It's - 2", frozen: "A2", filter: "A1:C3", titles: "$1:$1" },
    ]);
    expect(sheets[0]?.rows[0]?.map(({ bold }) => bold)).toEqual([true, true]);
    expect(sheets[0]?.rows[1]?.map(({ bold }) => bold)).toEqual([false, false]);
  });
});

/**
 * openpyxl shows the escapes of control characters, takes the first half of an escaped underscore away wherever it
 * stands, and shows dates with all their digits.
 */
function inPython({ given, kind, is = String(given) }: CellCase): [string, unknown] {
  switch (kind) {
    case "text":
      return ["s", is.replace(/[\0-\x08\x0b-\x1f]/g, escaped).replaceAll("x005F_", "")];
    case "date":
      return ["d", dateInPython(is)];
    case "boolean":
      return ["b", given];
    case "number":
      return ["n", given];
    case "empty":
      return ["n", null];
  }
}

function escaped(character: string): string {
  return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
}

function dateInPython(shown: string): string {
  const [day, time = "00:00"] = shown.replace(" UTC", "").split(" ");
  const seconds = time.length === 5 ? `${time}:00` : time;
  return `${day} ${seconds.includes(".") && !seconds.endsWith(".000") ? `${seconds}000` : seconds}`;
}

describe.skipIf(!hasLibreOffice)("LibreOffice", () => {
  test("shows each cell as it was given", async () => {
    // Comma, quotes, UTF-8, from the first row, as shown, every sheet in a file of its own.
    const filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1";
    const profile = `-env:UserInstallation=file://${join(folder, "profile")}`;
    await run("soffice", [profile, "--headless", "--convert-to", filter, "--outdir", folder, file]);
    const rows = readCsv(await readFile(join(folder, "cells-Cells.csv"), "utf8"));
    const shown = CELLS.flatMap((one, index) => (isShownAlike(one) ? [[`case ${index}`, inCalc(one)]] : []));
    const names = new Set(shown.map(([name]) => name));
    expect(rows.filter(([name]) => names.has(name))).toEqual(shown);
  }, 120_000);
});

/** Numbers are rounded to what a cell shows, and control characters are not shown. */
function isShownAlike({ kind, is = "" }: CellCase): boolean {
  return kind !== "number" && !/[\0-\x08\x0b-\x1f]/.test(is);
}

function inCalc({ kind, given, is = String(given) }: CellCase): string {
  if (kind === "empty") return "";
  return kind === "boolean" ? is.toUpperCase() : is;
}

function readCsv(text: string): string[][] {
  const rows = text.replace(/\n$/, "").matchAll(/((?:[^"\n]|"(?:[^"]|"")*")*)(?:\n|$)/g);
  return [...rows].map(([, row = ""]) =>
    [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
    ),
  );
}
