import { CellBuilder } from "#lib/documents/xlsx/cell-builder.ts";
import { type CellRange, parseRange, parseReference } from "#lib/documents/xlsx/cell-reference.ts";
import type { CellBudget, RawCell, RawRow, RawSheet, SheetLink } from "#lib/documents/xlsx/raw-sheet.ts";
import { isTrue } from "#lib/documents/xlsx/workbook.ts";
import { XLSX_LIMITS } from "#lib/documents/xlsx/xlsx-limits.ts";
import type { Attributes } from "#lib/documents/xml/attributes.ts";
import { readXml, type XmlHandlers } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/**
 * The cells of a sheet that have content, as they come in the file: neither where a file says that its cells end
 * nor the last of its rows costs memory.
 */
export async function readSheet(archive: Archive, path: string, budget: CellBudget): Promise<RawSheet> {
  const reader = new SheetReader(budget);
  await readXml(archive.read(path), reader);
  return reader.sheet();
}

type RowInProgress = { row: number; isHidden: boolean; cells: Map<number, RawCell>; nextColumn: number };

class SheetReader implements XmlHandlers {
  readonly #budget: CellBudget;
  readonly #rows: RawRow[] = [];
  readonly #columns = new Set<number>();
  readonly #kept = new Set<number>();
  readonly #hiddenColumns: [number, number][] = [];
  readonly #merged: CellRange[] = [];
  readonly #links: SheetLink[] = [];
  #rowCount = 0;
  #counted = 0;
  #isCountOpen = false;
  #nextRow = 0;
  #row: RowInProgress | undefined;
  #column = 0;
  #cell: CellBuilder | undefined;
  /** Whether a row that is only counted has content. */
  #hasContent = false;

  constructor(budget: CellBudget) {
    this.#budget = budget;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#cell !== undefined) this.#cell.open(name, attributes);
    else if (name === "x:c") this.#openCell(attributes);
    else if (name === "x:v" || name === "x:f" || name === "x:is") this.#hasContent = true;
    else if (name === "x:row") this.#openRow(attributes);
    else if (name === "x:col") this.#addColumn(attributes);
    else if (name === "x:mergeCell") this.#addMerged(attributes);
    else if (name === "x:hyperlink") this.#addLink(attributes);
  }

  text(piece: string): void {
    this.#cell?.text(piece);
  }

  close(name: string): void {
    if (name === "x:c") this.#closeCell();
    else if (name === "x:row") this.#closeRow();
    else this.#cell?.close(name);
  }

  isDone(): boolean {
    this.#isCountOpen ||=
      this.#counted >= XLSX_LIMITS.countedCells || (this.#counted > 0 && this.#budget.isLate());
    return this.#isCountOpen;
  }

  sheet(): RawSheet {
    return {
      rows: this.#rows,
      rowCount: this.#rowCount,
      isCountOpen: this.#isCountOpen,
      columnCount: this.#columns.size,
      keptColumns: this.#kept.size,
      hiddenColumns: this.#hiddenColumns,
      merged: this.#merged,
      links: this.#links,
    };
  }

  #openRow(attributes: Attributes): void {
    this.#hasContent = false;
    if (this.#rows.length >= XLSX_LIMITS.rows || this.#budget.cells <= 0) return;
    const written = Number(attributes.get("r") ?? Number.NaN);
    const row = Number.isInteger(written) && written > 0 ? written - 1 : this.#nextRow;
    this.#nextRow = row + 1;
    this.#row = { row, isHidden: isTrue(attributes.get("hidden")), cells: new Map(), nextColumn: 0 };
  }

  #closeRow(): void {
    const row = this.#row;
    this.#row = undefined;
    if (row !== undefined && row.cells.size > 0) this.#rows.push(row);
    if ((row !== undefined && row.cells.size > 0) || this.#hasContent) this.#rowCount++;
  }

  #openCell(attributes: Attributes): void {
    const row = this.#row;
    if (row === undefined) {
      this.#counted++;
      return;
    }
    const place = parseReference(attributes.get("r") ?? "");
    this.#column = place?.column ?? row.nextColumn;
    row.nextColumn = this.#column + 1;
    this.#cell = new CellBuilder(attributes);
  }

  #closeCell(): void {
    const cell = this.#cell?.build();
    this.#cell = undefined;
    if (cell === undefined || this.#row === undefined) return;
    this.#hasContent = true;
    this.#columns.add(this.#column);
    if (this.#kept.size < XLSX_LIMITS.columns) this.#kept.add(this.#column);
    if (!this.#kept.has(this.#column)) return;
    this.#row.cells.set(this.#column, cell);
    this.#budget.cells--;
  }

  #addColumn(attributes: Attributes): void {
    if (!isTrue(attributes.get("hidden")) || this.#hiddenColumns.length >= XLSX_LIMITS.ranges) return;
    this.#hiddenColumns.push([Number(attributes.get("min")) - 1, Number(attributes.get("max")) - 1]);
  }

  #addMerged(attributes: Attributes): void {
    const range = parseRange(attributes.get("ref") ?? "");
    if (range !== undefined && this.#merged.length < XLSX_LIMITS.ranges) this.#merged.push(range);
  }

  #addLink(attributes: Attributes): void {
    const range = parseRange(attributes.get("ref") ?? "");
    if (range === undefined || this.#links.length >= XLSX_LIMITS.ranges) return;
    this.#links.push({ range, relationship: attributes.get("r:id"), location: attributes.get("location") });
  }
}
