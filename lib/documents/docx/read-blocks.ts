import { DocumentError } from "#lib/documents/document.ts";
import type { XmlNode } from "#lib/documents/docx/xml-node.ts";
import type { Attributes } from "#lib/documents/xml/attributes.ts";
import { readXml, type XmlHandlers } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/** Takes the blocks of a part as they are read, so that none but the current one is in memory. */
export type BlockSink = {
  paragraph(node: XmlNode): void;
  row(node: XmlNode): void;
  tableEnd(): void;
  /** Any other element around or between blocks: a note, the place of another file. */
  container?(name: string, attributes: Attributes): void;
  isDone?(): boolean;
};

/** Elements and texts of one paragraph or row. */
const MAX_NODES = 200_000;

/** What has no text, or has it a second time, or had it before a change that was tracked. */
const SKIPPED: ReadonlySet<string> = new Set([
  "mc:Fallback",
  "w:sectPr",
  "w:tblPr",
  "w:tblPrEx",
  "w:tblGrid",
  "w:pPrChange",
  "w:rPrChange",
  "w:tcPrChange",
  "w:trPrChange",
  "w:sdtPr",
]);
/** Paragraphs and rows that were deleted, or moved to where they are read. */
const DELETED: ReadonlySet<string> = new Set(["w:del", "w:moveFrom"]);

/** @throws DocumentError */
export function readBlocks(archive: Archive, path: string, sink: BlockSink): Promise<void> {
  return readXml(archive.read(path), new BlockReader(sink));
}

class BlockReader implements XmlHandlers {
  readonly #sink: BlockSink;
  /** The block that is being read, from its own element to the innermost that is open. */
  readonly #open: XmlNode[] = [];
  #nodes = 0;
  /** Levels of elements inside of one that is skipped, with itself. */
  #skipped = 0;
  #tables = 0;

  constructor(sink: BlockSink) {
    this.#sink = sink;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#skipped > 0 || SKIPPED.has(name) || (this.#open.length === 0 && DELETED.has(name)))
      this.#skipped++;
    else if (this.#open.length > 0 || name === "w:p" || name === "w:tr")
      this.#begin({ name, attributes, children: [] });
    else if (name === "w:tbl") this.#tables++;
    else this.#sink.container?.(name, attributes);
  }

  text(text: string): void {
    const inner = this.#open.at(-1);
    if (this.#skipped > 0 || inner === undefined) return;
    this.#count();
    inner.children.push(text);
  }

  close(name: string): void {
    if (this.#skipped > 0) this.#skipped--;
    else if (this.#open.length > 0) this.#end();
    else if (name === "w:tbl" && --this.#tables === 0) this.#sink.tableEnd();
  }

  isDone(): boolean {
    return this.#sink.isDone?.() === true;
  }

  #begin(node: XmlNode): void {
    this.#count();
    this.#open.at(-1)?.children.push(node);
    this.#open.push(node);
  }

  #end(): void {
    const node = this.#open.pop();
    if (node === undefined || this.#open.length > 0) return;
    this.#nodes = 0;
    if (node.name === "w:tr") this.#sink.row(node);
    else this.#sink.paragraph(node);
  }

  #count(): void {
    if (++this.#nodes <= MAX_NODES) return;
    throw new DocumentError(
      "too_complex",
      "A paragraph or table row of the document is too complex. Save it as a PDF and send that.",
    );
  }
}
