import { DocumentWriter, type WriterContext } from "#lib/documents/docx/document-writer.ts";
import { DOCX_LIMITS } from "#lib/documents/docx/docx-limits.ts";
import { type BlockSink, readBlocks } from "#lib/documents/docx/read-blocks.ts";
import type { XmlNode } from "#lib/documents/docx/xml-node.ts";
import type { Attributes } from "#lib/documents/xml/attributes.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";
import { readRelationships } from "#lib/documents/zip/relationships.ts";

/** The texts of footnotes, endnotes or comments by their ids, on a line each. */
export async function readNotes(
  archive: Archive,
  path: string | undefined,
  element: "w:footnote" | "w:endnote" | "w:comment",
  context: WriterContext,
): Promise<ReadonlyMap<string, string>> {
  if (path === undefined) return new Map();
  const reader = new NoteReader(element, { ...context, links: await readLinks(archive, path) });
  await readBlocks(archive, path, reader);
  return reader.notes();
}

type Note = { id: string; author: string; writer: DocumentWriter };

class NoteReader implements BlockSink {
  readonly #element: string;
  readonly #context: WriterContext;
  readonly #notes: Note[] = [];
  #characters = 0;

  constructor(element: string, context: WriterContext) {
    this.#element = element;
    this.#context = context;
  }

  container(name: string, attributes: Attributes): void {
    if (name !== this.#element) return;
    this.#characters += this.#notes.at(-1)?.writer.characters ?? 0;
    const id = attributes.get("w:id") ?? "";
    // Lines that separate notes from the text are kept as notes with a type.
    const writer = new DocumentWriter(this.#context, 1);
    if (attributes.get("w:type") === undefined || attributes.get("w:type") === "normal") {
      this.#notes.push({ id, author: attributes.get("w:author") ?? "", writer });
    } else this.#notes.push({ id: "", author: "", writer });
  }

  paragraph(node: XmlNode): void {
    this.#notes.at(-1)?.writer.paragraph(node);
  }

  row(node: XmlNode): void {
    this.#notes.at(-1)?.writer.row(node);
  }

  tableEnd(): void {
    this.#notes.at(-1)?.writer.tableEnd();
  }

  isDone(): boolean {
    return this.#characters > DOCX_LIMITS.noteCharacters;
  }

  notes(): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    for (const { id, author, writer } of this.#notes) {
      const text = oneLine(writer.markdown()).slice(0, DOCX_LIMITS.noteLength);
      if (id !== "" && text !== "") texts.set(id, author === "" ? text : `${author}: ${text}`);
    }
    return texts;
  }
}

/** The addresses that the links of a part go to, by their ids. */
export async function readLinks(archive: Archive, path: string): Promise<ReadonlyMap<string, string>> {
  const relationships = await readRelationships(archive, path);
  const links = relationships.filter(({ type, isExternal }) => type === "hyperlink" && isExternal);
  return new Map(links.map(({ id, target }) => [id, target]));
}

/** A text without line breaks. */
export function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .trim();
}
