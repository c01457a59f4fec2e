import { DOCX_LIMITS } from "#lib/documents/docx/docx-limits.ts";
import { type InlineContext, InlineReader } from "#lib/documents/docx/inline-text.ts";
import type { ListLabels } from "#lib/documents/docx/list-labels.ts";
import type { BlockSink } from "#lib/documents/docx/read-blocks.ts";
import { inherited, type ParagraphStyle } from "#lib/documents/docx/styles.ts";
import { addRow, type TableRows, tableMarkdown } from "#lib/documents/docx/table-rows.ts";
import { childOf, isNode, propertyValue, type XmlNode } from "#lib/documents/docx/xml-node.ts";

export type WriterContext = InlineContext & {
  styles: ReadonlyMap<string, ParagraphStyle>;
  labels: ListLabels;
};

/** Levels of headings in Markdown. */
const MAX_HEADING = 6;
/** Spaces of one level of a list. */
const INDENT = 3;
/** Boxes in boxes, tables in tables, and their paragraphs. */
const MAX_NESTING = 20;

/** Characters that a table has around a cell and a row. */
const CELL_MARKS = 3;
const ROW_MARKS = 2;

type Block = { text: string; isItem: boolean };

/** Writes paragraphs and tables as Markdown, in the order in which they come. */
export class DocumentWriter implements BlockSink {
  readonly #context: WriterContext;
  readonly #inline: InlineReader;
  readonly #blocks: Block[] = [];
  readonly #nesting: number;
  #rows: TableRows = [];
  #leftOutRows = 0;
  #characters = 0;
  /** Text before a paragraph's mark that was deleted, so that the next paragraph continues it. */
  #joined = "";

  constructor(context: WriterContext, nesting = 0) {
    this.#context = context;
    this.#inline = new InlineReader(context);
    this.#nesting = nesting;
  }

  /** Characters so far. */
  get characters(): number {
    return this.#characters;
  }

  /** Paragraphs and tables so far, without empty ones. */
  get blocks(): number {
    return this.#blocks.length;
  }

  /** Rows of tables that were too long. */
  get leftOutRows(): number {
    return this.#leftOutRows;
  }

  paragraph(node: XmlNode): void {
    const { text, isBold, boxes } = this.#inline.read(node);
    const properties = childOf(node, "w:pPr");
    const full = this.#joined + text;
    const isJoined = childOf(childOf(properties, "w:rPr"), "w:del") !== undefined;
    this.#joined = isJoined ? full : "";
    if (!isJoined) this.#add(this.#paragraphBlock(tidy(full), isBold, properties));
    for (const box of boxes) this.#add({ text: this.#nested(box), isItem: false });
  }

  row(node: XmlNode): void {
    const before = this.#rows.length;
    if (before >= DOCX_LIMITS.tableRows) {
      this.#leftOutRows++;
      return;
    }
    addRow(this.#rows, node, (cell) => this.#nested(cell));
    if (this.#rows.length === before) return;
    for (const cell of this.#rows.at(-1)?.cells ?? []) this.#characters += cell.length + CELL_MARKS;
    this.#characters += ROW_MARKS;
  }

  tableEnd(): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#add({ text: tableMarkdown(rows), isItem: false });
  }

  /** What was written: items of a list under each other, everything else with an empty line between. */
  markdown(): string {
    if (this.#rows.length > 0) this.tableEnd();
    if (this.#joined !== "") this.#add({ text: tidy(this.#joined), isItem: false });
    return this.#blocks
      .map(({ text, isItem }, at) => {
        const isBelow = at === 0 || (isItem && this.#blocks[at - 1]?.isItem === true);
        return `${at === 0 ? "" : isBelow ? "\n" : "\n\n"}${text}`;
      })
      .join("");
  }

  #add(block: Block): void {
    if (block.text === "") return;
    this.#blocks.push(block);
    this.#characters += block.text.length;
  }

  #paragraphBlock(text: string, isBold: boolean, properties: XmlNode | undefined): Block {
    const style = propertyValue(properties, "w:pStyle");
    const numbering = childOf(properties, "w:numPr");
    const level = propertyValue(numbering, "w:ilvl");
    const place = {
      list: propertyValue(numbering, "w:numId"),
      level: level === undefined ? undefined : Number(level),
    };
    // Items without text are counted by Word too.
    const item = this.#context.labels.next(place, style);
    if (text === "") return { text, isItem: false };
    const outline = Number(
      propertyValue(properties, "w:outlineLvl") ??
        inherited(this.#context.styles, style, (one) => one.outline) ??
        9,
    );
    if (outline >= 0 && outline < 9) {
      const label = item === undefined || item.label === "-" || item.label === "" ? "" : `${item.label} `;
      const line = `${label}${text.replaceAll("\n", " ")}`;
      return {
        text: this.#nesting > 0 ? line : `${"#".repeat(Math.min(outline + 1, MAX_HEADING))} ${line}`,
        isItem: false,
      };
    }
    if (item !== undefined && item.label !== "") {
      const indent = " ".repeat(item.level * INDENT);
      return { text: `${indent}${item.label} ${text.replaceAll("\n", `\n${indent}  `)}`, isItem: true };
    }
    return {
      text: isBold && this.#nesting === 0 && !text.includes("\n") ? `**${text}**` : text,
      isItem: false,
    };
  }

  /** The text of a cell or a box: its paragraphs on a line each, tables in it with a line for each row. */
  #nested(container: XmlNode): string {
    if (this.#nesting >= MAX_NESTING) return "";
    const writer = new DocumentWriter(this.#context, this.#nesting + 1);
    writer.#walk(container);
    return writer.markdown().replace(/\n{2,}/g, "\n");
  }

  #walk(container: XmlNode): void {
    for (const child of container.children) {
      if (!isNode(child) || child.name === "w:del" || child.name === "w:moveFrom") continue;
      if (child.name === "w:p") this.paragraph(child);
      else if (child.name === "w:tbl") this.#nestedTable(child);
      else this.#walk(child);
    }
  }

  #nestedTable(table: XmlNode): void {
    const rows: TableRows = [];
    for (const row of table.children)
      if (isNode(row) && row.name === "w:tr") addRow(rows, row, (cell) => this.#nested(cell));
    const lines = rows.map(({ cells }) => cells.map((cell) => cell.replaceAll("\n", " ")).join("; "));
    this.#add({ text: lines.join("\n"), isItem: false });
  }
}

/** Without the spaces and tabs at the ends of lines, and tabs between as one space: they only place the text. */
function tidy(text: string): string {
  const lines = text.split("\n").map((line) => line.replaceAll("\t", " ").trim());
  return lines.join("\n").trim();
}
