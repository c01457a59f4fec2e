import PDFDocument from "pdfkit";
import { type Block, textOf } from "#lib/export/markdown/tree.ts";
import { drawBlocks } from "#lib/export/pdf/blocks/draw-blocks.ts";
import { Outline } from "#lib/export/pdf/blocks/heading.ts";
import type { EastAsian } from "#lib/export/pdf/fonts/families.ts";
import { FontSet, type LoadFont } from "#lib/export/pdf/fonts/font-set.ts";
import { drawPageNumbers } from "#lib/export/pdf/page-numbers.ts";
import { Sheet } from "#lib/export/pdf/sheet.ts";
import { plainLook } from "#lib/export/pdf/text/runs.ts";
import { PAGE_SIZES, type PageSize, SIZES } from "#lib/export/pdf/theme.ts";

export type DrawnDocument = {
  blocks: readonly Block[];
  /** Without it, the first heading. */
  title: string | undefined;
  pageSize: PageSize;
  /** When it was made, milliseconds since 1970. */
  createdAt: number;
  /** Whose characters are taken where several languages have them. */
  eastAsianOrder: readonly EastAsian[];
};

export type WrittenPdf = {
  bytes: Uint8Array<ArrayBuffer>;
  pages: number;
  /** That of the document, or its first heading. */
  title: string | undefined;
  /** Characters that no font has, drawn as boxes. */
  missingGlyphs: number;
};

export const MAX_PAGES = 2_000;
const MAX_TITLE = 300;
const UNTITLED = "Document";
const MAKER = "SarmaLink-AI";

/** Draws blocks as a PDF document. Throws `TooManyPages`. */
export async function drawDocument(drawn: DrawnDocument, loadFont: LoadFont): Promise<WrittenPdf> {
  const { blocks, createdAt, eastAsianOrder, pageSize } = drawn;
  const title = titleOf(drawn);
  const document = new PDFDocument({
    ...{ autoFirstPage: false, bufferPages: true, pdfVersion: "1.7", tagged: true, displayTitle: true },
    // No standard font is used, which would not be embedded.
    font: "",
    info: { Title: title ?? UNTITLED, Producer: MAKER, Creator: MAKER, CreationDate: new Date(createdAt) },
  });
  const bytes = collect(document);
  const sheet = new Sheet(document, new FontSet(loadFont, eastAsianOrder), PAGE_SIZES[pageSize], MAX_PAGES);
  const outline = new Outline(document.outline);
  drawBlocks(blocks, { sheet, outline, frame: sheet.frame, depth: 0, look: plainLook(SIZES.body) });
  sheet.finish();
  drawPageNumbers(sheet);
  document.end();
  return { bytes: await bytes, pages: sheet.pages, title, missingGlyphs: sheet.missingGlyphs };
}

function titleOf({ title, blocks }: DrawnDocument): string | undefined {
  const headings = blocks.filter((block) => block.kind === "heading");
  const first = headings.find(({ level }) => level === 1) ?? headings[0];
  const words = title ?? (first === undefined ? "" : textOf(first.children));
  const clean = words.replace(/\s+/g, " ").trim().slice(0, MAX_TITLE).toWellFormed();
  return clean === "" ? undefined : clean;
}

function collect(document: PDFKit.PDFDocument): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const chunks: Uint8Array[] = [];
  document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  document.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
  document.on("error", reject);
  return promise;
}
