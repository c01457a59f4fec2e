import { getDocumentProxy } from "unpdf";
import { installedFonts } from "#lib/adapters/workers/installed-fonts.ts";
import type { Block } from "#lib/export/markdown/tree.ts";
import { drawDocument, type WrittenPdf } from "#lib/export/pdf/draw-document.ts";
import type { LoadFont } from "#lib/export/pdf/fonts/font-set.ts";
import { type PdfRequest, writePdf } from "#lib/export/pdf/write-pdf.ts";

const read = installedFonts(process.cwd());
const files = new Map<string, Uint8Array | undefined>();

/** The fonts of this checkout, each read once. */
export const testFonts: LoadFont = (file, packageName) => {
  if (!files.has(file)) files.set(file, read(file, packageName));
  return files.get(file);
};

/** As an installation without the optional packages. */
export const ownFonts: LoadFont = (file, packageName) =>
  packageName === undefined ? testFonts(file, undefined) : undefined;

export function exported(
  content: string,
  more: Partial<PdfRequest> = {},
  fonts: LoadFont = testFonts,
): Promise<WrittenPdf> {
  const request: PdfRequest = {
    content,
    title: undefined,
    pageSize: "a4",
    createdAt: Date.UTC(2026, 10, 27),
    ...more,
  };
  return writePdf(request, fonts);
}

/** Blocks as a document. */
export function drawn(blocks: readonly Block[]): Promise<WrittenPdf> {
  const options = {
    title: undefined,
    pageSize: "a4",
    createdAt: 0,
    eastAsianOrder: ["sc", "jp", "kr"],
  } as const;
  return drawDocument({ ...options, blocks }, testFonts);
}

export type ReadPdf = {
  /** The text of each page. */
  pages: string[];
  title: unknown;
  /** Milliseconds since 1970. */
  createdAt: number;
  outline: string[];
  links: string[];
  /** Stretches of text, and where each begins from the left. */
  places: { text: string; x: number }[];
  sizes: [number, number][];
  isTagged: boolean;
};

/** What a reader of PDF finds in a document. */
export async function readBack(bytes: Uint8Array): Promise<ReadPdf> {
  const document = await getDocumentProxy(new Uint8Array(bytes));
  const read: ReadPdf = {
    pages: [],
    title: undefined,
    createdAt: Number.NaN,
    outline: [],
    links: [],
    places: [],
    sizes: [],
    isTagged: false,
  };
  const { info } = await document.getMetadata();
  read.title = Reflect.get(info, "Title");
  // `D:20261127230600Z`, in UTC.
  const [, ...parts] =
    /^D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(String(Reflect.get(info, "CreationDate"))) ?? [];
  const [year = Number.NaN, month = 1, ...time] = parts.map(Number);
  read.createdAt = Date.UTC(year, month - 1, ...time);
  read.isTagged = (await document.getMarkInfo())?.Marked === true;
  for (const { title, items } of (await document.getOutline()) ?? [])
    read.outline.push(title, ...items.map((item: { title: string }) => `  ${item.title}`));
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    read.pages.push(
      items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join(""),
    );
    for (const item of items)
      if ("str" in item) read.places.push({ text: item.str, x: Number(item.transform[4]) });
    const { width, height } = page.getViewport({ scale: 1 });
    read.sizes.push([Math.round(width), Math.round(height)]);
    for (const { url, dest } of await page.getAnnotations()) read.links.push(url ?? `#${String(dest)}`);
  }
  await document.loadingTask.destroy();
  return read;
}

/** Text without its spaces and line breaks: these are where the layout puts them. */
export function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}
