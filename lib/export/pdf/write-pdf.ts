import { highlight } from "#lib/browser/highlight.ts";
import { readMarkdown } from "#lib/export/markdown/read-markdown.ts";
import type { Block } from "#lib/export/markdown/tree.ts";
import { type DrawnDocument, drawDocument, type WrittenPdf } from "#lib/export/pdf/draw-document.ts";
import { eastAsianOrderOf } from "#lib/export/pdf/fonts/families.ts";
import type { LoadFont } from "#lib/export/pdf/fonts/font-set.ts";

/** A text in Markdown, and how it becomes a document. */
export type PdfRequest = Pick<DrawnDocument, "title" | "pageSize" | "createdAt"> & { content: string };

/** Writes a document. Throws `TooManyPages`. */
export async function writePdf(
  { content, ...document }: PdfRequest,
  loadFont: LoadFont,
): Promise<WrittenPdf> {
  const blocks = await withColours(readMarkdown(content));
  return drawDocument({ ...document, blocks, eastAsianOrder: eastAsianOrderOf(content) }, loadFont);
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
