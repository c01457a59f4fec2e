import { type Document, DocumentError } from "#lib/documents/document.ts";
import { DocumentWriter, type WriterContext } from "#lib/documents/docx/document-writer.ts";
import { DOCX_LIMITS } from "#lib/documents/docx/docx-limits.ts";
import { ListLabels } from "#lib/documents/docx/list-labels.ts";
import { NoteMarks } from "#lib/documents/docx/note-marks.ts";
import { readNumbering } from "#lib/documents/docx/numbering.ts";
import { readBlocks } from "#lib/documents/docx/read-blocks.ts";
import { oneLine, readLinks, readNotes } from "#lib/documents/docx/read-notes.ts";
import { readStyles } from "#lib/documents/docx/styles.ts";
import { type Archive, openZip } from "#lib/documents/zip/open-zip.ts";
import {
  mainPart,
  type Relationship,
  readRelationships,
  targetOf,
} from "#lib/documents/zip/relationships.ts";

/** What a document is with its parts around the text. */
type Package = { archive: Archive; path: string; relationships: readonly Relationship[] };

/** Text of pictures only. */
const IMAGE_MARKS = /\[image: [^[\]]*\]/g;

/**
 * The text of a Word document (.docx, .docm and their templates) as Markdown: as it reads with all tracked changes
 * accepted. Other files and addresses that it names are never opened.
 * @throws DocumentError
 */
export async function readDocx(bytes: Uint8Array): Promise<Document> {
  const archive = await openZip(bytes);
  const path = await mainPart(archive, "word/document.xml");
  const file: Package = { archive, path, relationships: await readRelationships(archive, path) };
  const context = await readContext(file);
  const comments = await readNotes(
    archive,
    targetOf(archive, file.relationships, "comments"),
    "w:comment",
    context,
  );
  const marks = new NoteMarks({
    footnote: await readNotes(
      archive,
      targetOf(archive, file.relationships, "footnotes"),
      "w:footnote",
      context,
    ),
    endnote: await readNotes(
      archive,
      targetOf(archive, file.relationships, "endnotes"),
      "w:endnote",
      context,
    ),
  });
  const { text, notes } = await readText(file, { ...context, comments, noteMark: marks.mark });
  if (text.replace(IMAGE_MARKS, "").trim() === "") {
    throw new DocumentError(
      "no_text",
      "The document has no text. If it is a scan, save it as a PDF and send that.",
    );
  }
  const headers = await readMargins(file, "header", context);
  const footers = await readMargins(file, "footer", context);
  const whole = [...headers, text, marks.markdown(), ...footers].filter((part) => part !== "").join("\n\n");
  return { kind: "docx", sections: [{ text: whole }], notes };
}

async function readContext({ archive, path, relationships }: Package): Promise<WriterContext> {
  const styles = await readStyles(archive, targetOf(archive, relationships, "styles"));
  const numbering = await readNumbering(archive, targetOf(archive, relationships, "numbering"));
  return {
    styles,
    labels: new ListLabels(numbering, styles),
    links: await readLinks(archive, path),
    comments: new Map(),
    noteMark: () => "",
  };
}

async function readText(
  { archive, path }: Package,
  context: WriterContext,
): Promise<{ text: string; notes: string[] }> {
  const writer = new DocumentWriter(context);
  let hasOtherFiles = false;
  const isFull = (): boolean =>
    writer.characters > DOCX_LIMITS.characters || writer.blocks > DOCX_LIMITS.blocks;
  await readBlocks(archive, path, {
    paragraph: (node) => writer.paragraph(node),
    row: (node) => writer.row(node),
    tableEnd: () => writer.tableEnd(),
    container: (name) => {
      if (name === "w:altChunk") hasOtherFiles = true;
    },
    isDone: isFull,
  });
  const text = writer.markdown();
  const notes = [
    // Of more characters than are kept of any document, the note says how many those are.
    ...(isFull() && text.length <= DOCX_LIMITS.characters
      ? [`Only about the first ${text.length.toLocaleString("en-US")} characters were read.`]
      : []),
    ...(writer.leftOutRows > 0
      ? [`The last ${writer.leftOutRows.toLocaleString("en-US")} rows of long tables were not read.`]
      : []),
    ...(hasOtherFiles ? ["Files that are embedded in the document were not read."] : []),
  ];
  return { text, notes };
}

/** The different texts above or below the pages. */
async function readMargins(
  file: Package,
  type: "header" | "footer",
  context: WriterContext,
): Promise<string[]> {
  const { archive, relationships } = file;
  const parts = relationships.filter(
    (one) => one.type === type && !one.isExternal && archive.has(one.target),
  );
  const texts = new Set<string>();
  for (const { target } of parts.slice(0, DOCX_LIMITS.headers)) {
    const writer = new DocumentWriter({ ...context, links: await readLinks(archive, target) }, 1);
    await readBlocks(archive, target, writer);
    const text = oneLine(writer.markdown()).slice(0, DOCX_LIMITS.headerCharacters);
    // Page numbers alone say nothing.
    if (/\p{L}/u.test(text)) texts.add(text);
  }
  const label = type === "header" ? "Page header" : "Page footer";
  return [...texts].map((text) => `${label}: ${text}`);
}
