import type { WrittenPdf } from "#lib/export/pdf/draw-document.ts";
import type { PdfRequest } from "#lib/export/pdf/write-pdf.ts";

/** To the thread: a text, and the folder in which the gateway is installed. */
export type PdfThreadRequest = PdfRequest & { root: string };

/** From the thread, once for each request. */
export type PdfReply =
  | ({ type: "written" } & WrittenPdf)
  | { type: "too_many_pages" }
  /** For the log. */
  | { type: "failed"; message: string };
