import { type Document, DocumentError } from "#lib/documents/document.ts";

/** The text of a PDF, one section a page. Throws `DocumentError`. */
export async function readPdf(bytes: Uint8Array): Promise<Document> {
  const { extractText } = await import("unpdf");
  const { totalPages, text } = await extractText(bytes, { mergePages: false });
  const sections = text
    .map((page, index) => ({ label: `Page ${index + 1}`, text: page.trim() }))
    .filter((section) => section.text !== "");
  if (sections.length === 0) throw new DocumentError("no_text", "The PDF has no text, only pictures.");
  return { kind: "pdf", sections, pages: totalPages, notes: [] };
}
