import PDFDocument from "pdfkit";
import { highlight } from "#lib/browser/highlight.ts";
import { readMarkdown } from "#lib/export/markdown/read-markdown.ts";
import { type Block, textOf } from "#lib/export/markdown/tree.ts";
import { drawBlocks } from "#lib/export/pdf/blocks/draw-blocks.ts";
import { Outline } from "#lib/export/pdf/blocks/heading.ts";
import { eastAsianOrderOf } from "#lib/export/pdf/fonts/families.ts";
import { FontSet, type LoadFont } from "#lib/export/pdf/fonts/font-set.ts";
import { drawPageNumbers } from "#lib/export/pdf/page-numbers.ts";
import { Sheet } from "#lib/export/pdf/sheet.ts";
import { plainLook } from "#lib/export/pdf/text/runs.ts";
import { PAGE_SIZES, type PageSize, SIZES } from "#lib/export/pdf/theme.ts";

/** A text in Markdown, and how it becomes a document. */
export type PdfRequest = {
  content: string;
  /** Without it, the first heading. */
  title: string | undefined;
  pageSize: PageSize;
  /** When it was made, milliseconds since 1970. */
  createdAt: number;
};

export type WrittenPdf = {
  bytes: Uint8Array<ArrayBuffer>;
  pages: number;
  /** Characters that no font has, drawn as boxes. */
  missingGlyphs: number;
};

export const MAX_PAGES = 2_000;
const MAX_TITLE = 300;

/** Writes a document. Throws `TooManyPages`. */
export async function writePdf(request: PdfRequest, loadFont: LoadFont): Promise<WrittenPdf> {
  const blocks = await withColours(readMarkdown(request.content));
  const title = titleOf(request, blocks);
  const document = new PDFDocument({
    ...{ autoFirstPage: false, bufferPages: true, pdfVersion: "1.7", tagged: true, displayTitle: true },
    // No standard font is used, which would not be embedded.
    font: "",
    info: {
      Title: title,
      Producer: "SarmaLink-AI",
      Creator: "SarmaLink-AI",
      CreationDate: new Date(request.createdAt),
    },
  });
  const bytes = collect(document);
  const fonts = new FontSet(loadFont, eastAsianOrderOf(request.content));
  const sheet = new Sheet(document, fonts, PAGE_SIZES[request.pageSize], MAX_PAGES);
  const { frame } = sheet;
  const outline = new Outline(document.outline);
  drawBlocks(blocks, { sheet, outline, frame, depth: 0, look: plainLook(SIZES.body) });
  sheet.finish();
  drawPageNumbers(sheet);
  document.end();
  return { bytes: await bytes, pages: sheet.pages, missingGlyphs: sheet.missingGlyphs };
}

function titleOf({ title }: PdfRequest, blocks: readonly Block[]): string {
  const headings = blocks.filter((block) => block.kind === "heading");
  const first = headings.find(({ level }) => level === 1) ?? headings[0];
  const words = title ?? (first === undefined ? "" : textOf(first.children));
  const clean = words.replace(/\s+/g, " ").trim().slice(0, MAX_TITLE).toWellFormed();
  return clean === "" ? "Document" : clean;
}

/** The blocks with the colours of their code. */
async function withColours(blocks: readonly Block[]): Promise<Block[]> {
  const coloured: Block[] = [];
  for (const block of blocks) coloured.push(await colouredBlock(block));
  return coloured;
}

async function colouredBlock(block: Block): Promise<Block> {
  switch (block.kind) {
    case "code":
      if (block.language === undefined) return block;
      return { ...block, colours: await highlight(block.text, block.language) };
    case "quote":
      return { ...block, children: await withColours(block.children) };
    case "list": {
      const items = [];
      for (const item of block.items) items.push({ ...item, children: await withColours(item.children) });
      return { ...block, items };
    }
    default:
      return block;
  }
}

function collect(document: PDFKit.PDFDocument): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const chunks: Uint8Array[] = [];
  document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  document.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
  document.on("error", reject);
  return promise;
}
