import { deflateSync } from "node:zlib";
import { type PdfObject, pdfOf, pdfWithPages, textLines } from "../support/pdf.ts";

/** A file that tries something, and what may come of it: its text, or why it is refused. */
export type HostilePdf = {
  name: string;
  bytes: () => Uint8Array;
  text?: string;
  problems?: readonly string[];
  notes?: RegExp;
};

const CATALOG = "<< /Type /Catalog /Pages 2 0 R >>";
const PAGES = "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>";
const FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
const PAGE = "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>";
const HELLO = textLines(["Hello in spite of it."]);

/** Objects of one page with a text; some are replaced. */
function onePage(
  changes: Readonly<Record<number, PdfObject>> = {},
  more: readonly PdfObject[] = [],
): Uint8Array {
  const objects: PdfObject[] = [CATALOG, PAGES, PAGE, { stream: HELLO }, FONT, ...more];
  for (const [number, object] of Object.entries(changes)) objects[Number(number) - 1] = object;
  return pdfOf(objects);
}

const zeros = (megabytes: number): Buffer => Buffer.alloc(megabytes * 1024 * 1024);
const REFUSED = ["damaged", "too_complex", "no_text", "too_large"] as const;
const SAID = "Hello in spite of it.";

export const HOSTILE_PDFS: readonly HostilePdf[] = [
  {
    name: "a page tree that contains itself",
    bytes: () => onePage({ 2: "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /MediaBox [0 0 595 842] >>" }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "pages that are their own parents, fonts and contents",
    bytes: () =>
      onePage({
        3: "<< /Type /Page /Parent 3 0 R /Contents [4 0 R 3 0 R [4 0 R]] /Resources 3 0 R /Font << /F1 3 0 R >> /MediaBox [0 0 595 842] >>",
      }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "a form that draws itself",
    bytes: () =>
      onePage(
        {
          3: "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>",
          4: { stream: `${HELLO}\n/X Do` },
        },
        [
          {
            entries:
              "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R /Y 6 0 R >> >> ",
            stream: "BT /F1 9 Tf (again) Tj ET /X Do /Y Do /X Do /Y Do",
          },
        ],
      ),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "forms that draw each other a billion times",
    bytes: () => {
      const forms = Array.from({ length: 10 }, (_, level) => ({
        entries: `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> /XObject << /X ${7 + level} 0 R >> >> `,
        stream: `BT /F1 9 Tf (more) Tj ET ${"/X Do ".repeat(level === 9 ? 0 : 10)}`,
      }));
      return onePage(
        {
          3: "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>",
          4: { stream: `${HELLO}\n/X Do` },
        },
        forms,
      );
    },
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "10,000 pages",
    bytes: () =>
      pdfWithPages(Array.from({ length: 10_000 }, (_, page) => textLines([`This is page ${page + 1}.`]))),
    text: "This is page 1.",
    notes: /^Only the first [\d,]+ of 10,000 pages were read\.$/,
  },
  {
    name: "two thousand million pages, of which one is there",
    bytes: () => onePage({ 2: "<< /Type /Pages /Kids [3 0 R] /Count 2000000000 /MediaBox [0 0 595 842] >>" }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "no text layer",
    bytes: () => onePage({ 4: { stream: "0 0 100 100 re f" } }),
    problems: ["no_text"],
  },
  {
    name: "half a gigabyte in a content stream",
    bytes: () => onePage({ 4: { stream: zeros(500), compress: true } }),
    problems: REFUSED,
  },
  {
    name: "half a gigabyte of text in a content stream",
    bytes: () =>
      onePage({
        4: { stream: Buffer.from(`BT /F1 9 Tf ${"(more) Tj ".repeat(50_000_000)}ET`), compress: true },
      }),
    text: "more",
    problems: REFUSED,
  },
  {
    name: "a stream in a stream in a stream",
    bytes: () => {
      const inner = deflateSync(deflateSync(zeros(1_000)));
      return onePage({ 4: { entries: "/Filter [/FlateDecode /FlateDecode] ", stream: inner } });
    },
    problems: REFUSED,
  },
  {
    name: "half a gigabyte in a font's table of characters",
    bytes: () =>
      onePage({ 5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>" }, [
        { stream: zeros(500), compress: true },
      ]),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "a hundred million widths of characters",
    bytes: () =>
      onePage(
        {
          5: "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [6 0 R] >>",
        },
        [
          "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /W [0 100000000 500] >>",
        ],
      ),
    problems: REFUSED,
  },
  {
    name: "a million brackets",
    bytes: () => onePage({ 5: `${"[".repeat(1_000_000)}` }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "a table of places that comes before itself",
    bytes: () => pdfOf([CATALOG, PAGES, PAGE, { stream: HELLO }, FONT], { trailer: "/Prev 9 " }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "a hundred thousand notes",
    bytes: () =>
      onePage({
        3: `<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [${"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (note) >> ".repeat(100_000)}] >>`,
      }),
    text: SAID,
    problems: REFUSED,
  },
  {
    name: "scripts, launches, addresses and attachments",
    bytes: () =>
      onePage({
        1: "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.launchURL('http://127.0.0.1:9/')) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >> /AcroForm << /XFA (http://127.0.0.1:9/) /Fields [] >> >>",
        4: { entries: "/F (http://127.0.0.1:9/stream) ", stream: HELLO },
      }),
    text: SAID,
  },
  {
    name: "fifty thousand words at random places",
    bytes: () =>
      onePage({
        4: {
          stream: `BT /F1 6 Tf ${Array.from({ length: 50_000 }, (_, word) => `1 0 0 1 ${(word * 7919) % 590} ${(word * 104_729) % 840} Tm (w${word}) Tj`).join("\n")} ET`,
          compress: true,
        },
      }),
    text: "w",
    problems: REFUSED,
  },
  {
    name: "one line of two hundred thousand letters",
    bytes: () => onePage({ 4: { stream: `BT /F1 6 Tf 9 9 Td (${"a".repeat(200_000)}) Tj ET` } }),
    text: "aaaa",
  },
];
