import { childOf, isNode, isOn, propertyValue, type XmlNode } from "#lib/documents/docx/xml-node.ts";
import { markdownTable } from "#lib/documents/markdown-table.ts";

/** The cells of a table's rows. The text of cells that are merged over rows stands in each of them. */
export type TableRows = { cells: string[] }[];

/** Columns of Word's tables. */
const MAX_COLUMNS = 63;
/** Longer texts stand in the first row of merged cells alone. */
const MAX_REPEATED = 200;

/**
 * Adds a row with its cells' texts, unless it was deleted while changes were tracked.
 * @param read The text of a cell.
 */
export function addRow(rows: TableRows, row: XmlNode, read: (cell: XmlNode) => string): void {
  const properties = childOf(row, "w:trPr");
  if (isOn(properties, "w:del")) return;
  const above = rows.at(-1)?.cells ?? [];
  const cells = Array.from({ length: span(propertyValue(properties, "w:gridBefore"), 0) }, () => "");
  for (const cell of cellsOf(row)) {
    if (cells.length >= MAX_COLUMNS) break;
    const cellProperties = childOf(cell, "w:tcPr");
    const isContinued = isContinuedCell(cellProperties);
    cells.push(isContinued ? repeated(above[cells.length] ?? "") : read(cell));
    const width = span(propertyValue(cellProperties, "w:gridSpan"), 1);
    for (let more = 1; more < width && cells.length < MAX_COLUMNS; more++) cells.push("");
  }
  if (cells.length > 0) rows.push({ cells });
}

/** A table as Markdown; the text alone of one with one cell, which is a frame. */
export function tableMarkdown(rows: TableRows): string {
  const [first] = rows;
  if (rows.length === 1 && first?.cells.length === 1) return first.cells[0] ?? "";
  const filled = rows.filter(({ cells }) => cells.some((cell) => cell !== ""));
  return markdownTable(filled.map(({ cells }) => cells));
}

/** Cells, also those in content controls. */
function cellsOf(row: XmlNode): XmlNode[] {
  return row.children.filter(isNode).flatMap((child) => {
    if (child.name === "w:tc") return [child];
    return child.name === "w:sdt" || child.name === "w:sdtContent" || child.name === "w:customXml"
      ? cellsOf(child)
      : [];
  });
}

/** A cell that is merged with the one above; without a value it is (ECMA-376 part 1, 17.4.84). */
function isContinuedCell(properties: XmlNode | undefined): boolean {
  const merge = childOf(properties, "w:vMerge");
  return merge !== undefined && merge.attributes.get("w:val") !== "restart";
}

function repeated(text: string): string {
  return text.length <= MAX_REPEATED ? text : "";
}

function span(value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  return Number.isInteger(number) && number > 0 ? Math.min(number, MAX_COLUMNS) : otherwise;
}
