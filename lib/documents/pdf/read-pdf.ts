import type { PDFDocumentProxy } from "unpdf/pdfjs";
import { type Document, DocumentError, type DocumentSection } from "#lib/documents/document.ts";
import { BodySize } from "#lib/documents/pdf/body-size.ts";
import { openPdf } from "#lib/documents/pdf/open-pdf.ts";
import { type PageContent, readPage } from "#lib/documents/pdf/page-content.ts";
import { pageList } from "#lib/documents/pdf/page-list.ts";
import { pageText } from "#lib/documents/pdf/page-text.ts";

/** What is read of a PDF at most; the rest is named in a note. */
const MAX_CHARACTERS = 2_000_000;
/** How long pages are begun, milliseconds: the thread has ten seconds for all. */
const MAX_MS = 6_500;
const MAX_LABEL = 30;

type Reading = {
  sections: DocumentSection[];
  /** Pages from the first on that were looked at. */
  pagesRead: number;
  withoutText: number[];
  damaged: number[];
  cut: number[];
};

/**
 * The text of a PDF, one section a page. Nothing in it is run or fetched.
 * @param now milliseconds, of a clock that never jumps.
 * @throws DocumentError `encrypted`, `damaged`, or `no_text` if it has only pictures.
 */
export async function readPdf(bytes: Uint8Array, now: () => number): Promise<Document> {
  const endsAt = now() + MAX_MS;
  const pdf = await openPdf(bytes);
  try {
    const reading = await readPages(pdf, () => now() >= endsAt);
    const { sections, damaged, pagesRead } = reading;
    if (sections.length === 0) throw nothingToRead(pdf.numPages, damaged.length === pagesRead);
    return { kind: "pdf", sections, pages: pdf.numPages, notes: notesOf(reading, pdf.numPages) };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function readPages(pdf: PDFDocumentProxy, isOver: () => boolean): Promise<Reading> {
  const reading: Reading = { sections: [], pagesRead: 0, withoutText: [], damaged: [], cut: [] };
  const labels = await labelsOf(pdf);
  const bodySize = new BodySize();
  let room = MAX_CHARACTERS;
  for (let number = 1; number <= pdf.numPages && room > 0 && !isOver(); number += 1) {
    reading.pagesRead = number;
    const content = await contentOf(pdf, number, { maxCharacters: room, isOver });
    if (content === undefined) {
      reading.damaged.push(number);
      continue;
    }
    if (content.isCut) reading.cut.push(number);
    bodySize.add(content);
    const text = pageText(content, bodySize.value);
    if (text === "") reading.withoutText.push(number);
    else reading.sections.push({ label: labelOf(number, labels?.[number - 1]), text });
    room -= text.length;
  }
  return reading;
}

/** What is printed on the pages, if that is not just their numbers; undefined also if it is damaged. */
async function labelsOf(pdf: PDFDocumentProxy): Promise<readonly string[] | undefined> {
  try {
    return (await pdf.getPageLabels()) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for a damaged page: those that are not are read. */
async function contentOf(
  pdf: PDFDocumentProxy,
  number: number,
  bounds: Parameters<typeof readPage>[1],
): Promise<PageContent | undefined> {
  try {
    const page = await pdf.getPage(number);
    const content = await readPage(page, bounds);
    page.cleanup();
    return content;
  } catch {
    return undefined;
  }
}

/** As people count, with what is printed on the page if that differs. */
function labelOf(number: number, printed: string | undefined): string {
  const isOther = printed !== undefined && printed !== "" && printed !== String(number);
  return isOther ? `Page ${number} ("${printed.slice(0, MAX_LABEL)}")` : `Page ${number}`;
}

function notesOf({ pagesRead, withoutText, damaged, cut }: Reading, pages: number): string[] {
  const notes: string[] = [];
  const count = (value: number): string => value.toLocaleString("en-US");
  if (pagesRead < pages) notes.push(`Only the first ${count(pagesRead)} of ${count(pages)} pages were read.`);
  if (cut.length > 0)
    notes.push(`${pageList(cut)} ${cut.length === 1 ? "was" : "were"} not read to the end.`);
  if (withoutText.length > 0) {
    const [verb, what] =
      withoutText.length === 1 ? ["has", "it is a picture"] : ["have", "they are pictures"];
    notes.push(`${pageList(withoutText)} ${verb} no text: ${what}, such as a scan, or empty.`);
  }
  if (damaged.length > 0) notes.push(`${pageList(damaged)} ${damaged.length === 1 ? "is" : "are"} damaged.`);
  return notes;
}

function nothingToRead(pages: number, isDamaged: boolean): DocumentError {
  if (isDamaged) {
    return new DocumentError(
      "damaged",
      "The PDF is damaged: none of its pages can be read. Save it anew and send that.",
    );
  }
  const what =
    pages === 1 ? "Its page is a picture" : `Its ${pages.toLocaleString("en-US")} pages are pictures`;
  return new DocumentError(
    "no_text",
    `The PDF has no text. ${what}, such as a scan. Send a PDF with text, for example after text recognition (OCR).`,
  );
}
