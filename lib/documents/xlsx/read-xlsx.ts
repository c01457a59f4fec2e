import { type Document, DocumentError, type DocumentSection } from "#lib/documents/document.ts";
import { columnName } from "#lib/documents/xlsx/cell-reference.ts";
import type { WorkbookTexts } from "#lib/documents/xlsx/cell-text.ts";
import type { CellBudget, RawSheet } from "#lib/documents/xlsx/raw-sheet.ts";
import { readSheet } from "#lib/documents/xlsx/read-sheet.ts";
import { readSharedStrings } from "#lib/documents/xlsx/shared-strings.ts";
import { readComments } from "#lib/documents/xlsx/sheet-comments.ts";
import type { SheetExtras } from "#lib/documents/xlsx/sheet-rows.ts";
import { sheetSection } from "#lib/documents/xlsx/sheet-section.ts";
import { readFormats } from "#lib/documents/xlsx/styles.ts";
import { readWorkbook, type SheetEntry } from "#lib/documents/xlsx/workbook.ts";
import { XLSX_LIMITS } from "#lib/documents/xlsx/xlsx-limits.ts";
import { type Archive, openZip } from "#lib/documents/zip/open-zip.ts";
import { readRelationships } from "#lib/documents/zip/relationships.ts";

type ReadSheet = { entry: SheetEntry; sheet: RawSheet; extras: SheetExtras };

/** Cells of a link on a range that get its target. */
const MAX_LINKED_CELLS = 1_000;

/**
 * The sheets of a workbook (.xlsx, .xlsm and their templates) as Markdown, with the cells as Excel shows them.
 * @param now milliseconds, of a clock that never jumps.
 * @throws DocumentError
 */
export async function readXlsx(bytes: Uint8Array, now: () => number): Promise<Document> {
  const lateAt = now() + XLSX_LIMITS.countingMs;
  const archive = await openZip(bytes);
  const workbook = await readWorkbook(archive, XLSX_LIMITS.sheets);
  const sheets = await readSheets(archive, workbook.sheets, () => now() >= lateAt);
  const texts: WorkbookTexts = {
    shared: await readSharedStrings(archive, workbook.sharedStrings, neededStrings(sheets)),
    formats: await readFormats(archive, workbook.styles),
    is1904: workbook.is1904,
  };
  const { sections, notes } = sectionsOf(sheets, texts);
  if (sections.length === 0) throw new DocumentError("no_text", "The workbook has no cells with content.");
  return {
    kind: "xlsx",
    sections,
    pages: workbook.sheetCount,
    notes: [...leftOutSheets(workbook), ...notes],
  };
}

async function readSheets(
  archive: Archive,
  entries: readonly SheetEntry[],
  isLate: () => boolean,
): Promise<ReadSheet[]> {
  const budget: CellBudget = { cells: XLSX_LIMITS.cells, isLate };
  const sheets: ReadSheet[] = [];
  for (const entry of entries) {
    if (entry.path === undefined) continue;
    const sheet = await readSheet(archive, entry.path, budget);
    sheets.push({ entry, sheet, extras: await readExtras(archive, entry.path, sheet) });
  }
  return sheets;
}

async function readExtras(archive: Archive, path: string, sheet: RawSheet): Promise<SheetExtras> {
  const relationships = await readRelationships(archive, path);
  const targets = new Map(relationships.map(({ id, target }) => [id, target]));
  const links = new Map<string, string>();
  for (const { range, relationship } of sheet.links) {
    const target = targets.get(relationship ?? "");
    if (target === undefined) continue;
    const lastRow = Math.min(range.to.row, range.from.row + MAX_LINKED_CELLS);
    for (let row = range.from.row; row <= lastRow; row++)
      links.set(`${columnName(range.from.column)}${row + 1}`, target);
  }
  return { links, comments: await readComments(archive, relationships) };
}

function neededStrings(sheets: readonly ReadSheet[]): ReadonlySet<number> {
  const needed = new Set<number>();
  for (const { sheet } of sheets) {
    for (const { cells } of sheet.rows) {
      for (const { shared } of cells.values()) if (shared !== undefined) needed.add(shared);
    }
  }
  return needed;
}

function sectionsOf(
  sheets: readonly ReadSheet[],
  workbook: WorkbookTexts,
): { sections: DocumentSection[]; notes: string[] } {
  const sections: DocumentSection[] = [];
  const notes: string[] = [];
  let maxCharacters: number = XLSX_LIMITS.characters;
  for (const { entry, sheet, extras } of sheets) {
    const read = sheetSection(entry, sheet, { workbook, extras, maxCharacters });
    if (read.section !== undefined) sections.push(read.section);
    maxCharacters -= Math.min(maxCharacters, read.section?.text.length ?? 0);
    notes.push(...read.notes);
  }
  if (sheets.some(({ sheet }) => hasFormulaWithoutResult(sheet))) {
    notes.push(
      "Some formulas have no stored result. Open the file in Excel and save it, so that their results can be read.",
    );
  }
  return { sections, notes };
}

function hasFormulaWithoutResult({ rows }: RawSheet): boolean {
  return rows.some(({ cells }) => [...cells.values()].some(({ formula }) => formula !== undefined));
}

function leftOutSheets({
  sheets,
  sheetCount,
}: {
  sheets: readonly SheetEntry[];
  sheetCount: number;
}): string[] {
  if (sheetCount <= sheets.length) return [];
  const [first, all] = [sheets.length, sheetCount].map((number) => number.toLocaleString("en-US"));
  return [`Only the first ${first} of ${all} sheets were read.`];
}
