import { XLSX_LIMITS } from "#lib/documents/xlsx/xlsx-limits.ts";
import type { Attributes } from "#lib/documents/xml/attributes.ts";
import { ownCopy } from "#lib/documents/xml/own-copy.ts";
import { readXml, type XmlHandlers } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";
import { type Relationship, targetOf } from "#lib/documents/zip/relationships.ts";

/** Characters of one comment that are kept. */
const MAX_COMMENT = 4_000;

/**
 * Comments and notes of a sheet, by the cell that they are on: `B3`. Of threads all answers; Excel writes those
 * a second time as notes, for its older versions, and these are left out.
 */
export async function readComments(
  archive: Archive,
  relationships: readonly Relationship[],
): Promise<ReadonlyMap<string, string>> {
  const notes = await readPart(archive, targetOf(archive, relationships, "comments"), "x:comment");
  const threads = await readPart(
    archive,
    targetOf(archive, relationships, "threadedComment"),
    "tc:threadedComment",
  );
  return new Map([...notes, ...threads]);
}

async function readPart(
  archive: Archive,
  path: string | undefined,
  element: string,
): Promise<ReadonlyMap<string, string>> {
  const reader = new CommentReader(element);
  if (path !== undefined) await readXml(archive.read(path), reader);
  return reader.comments;
}

class CommentReader implements XmlHandlers {
  readonly comments = new Map<string, string>();
  readonly #element: string;
  #reference = "";
  #text = "";
  #isText = false;

  constructor(element: string) {
    this.#element = element;
  }

  open(name: string, attributes: Attributes): void {
    if (name === this.#element) {
      this.#reference = attributes.get("ref")?.toUpperCase() ?? this.#reference;
      this.#text = "";
    }
    this.#isText = name === "x:t" || name === "tc:text";
  }

  text(piece: string): void {
    if (this.#isText && this.#text.length < MAX_COMMENT) this.#text += piece;
  }

  close(name: string): void {
    this.#isText = false;
    if (name !== this.#element) return;
    const before = this.comments.get(this.#reference);
    const text = ownCopy(this.#text.trim().slice(0, MAX_COMMENT));
    if (text === "" || (before === undefined && this.comments.size >= XLSX_LIMITS.comments)) return;
    if (before !== undefined && before.length > MAX_COMMENT) return;
    this.comments.set(this.#reference, before === undefined ? text : `${before} / ${text}`);
  }
}
