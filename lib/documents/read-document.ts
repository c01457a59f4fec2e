import { boundedDocument } from "#lib/documents/bounded-document.ts";
import type { Document, DocumentKind } from "#lib/documents/document.ts";
import { documentKind } from "#lib/documents/kind.ts";

/**
 * Reads the bytes of a file of one kind; they are of no use to others afterwards. Throws `DocumentError`.
 * @param now milliseconds, of a clock that never jumps: readers that can read a part stop in time.
 */
export type ReadDocument = (bytes: Uint8Array, now: () => number) => Promise<Document>;

/** Each reader, with the library that it needs, is loaded with the first file of its kind. */
const READERS: Readonly<Record<DocumentKind, () => Promise<ReadDocument>>> = {
  pdf: async () => (await import("#lib/documents/pdf/read-pdf.ts")).readPdf,
  xlsx: async () => (await import("#lib/documents/xlsx/read-xlsx.ts")).readXlsx,
  docx: async () => (await import("#lib/documents/docx/read-docx.ts")).readDocx,
};

/**
 * The text of a file, by its kind, bounded and without invisible characters. To be run in a worker: a hostile
 * file may need any amount of time and memory.
 * @param now as of `ReadDocument`; without a clock no reader stops by itself.
 * @throws DocumentError
 */
export async function readDocument(bytes: Uint8Array, now: () => number = () => 0): Promise<Document> {
  const kind = await documentKind(bytes);
  const read = await READERS[kind]();
  return boundedDocument(await read(bytes, now));
}
