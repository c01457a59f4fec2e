import type { WrittenPdf } from "#lib/export/pdf/draw-document.ts";
import type { PdfRequest } from "#lib/export/pdf/write-pdf.ts";

/** What a client asks for. Owners take turns, and nobody's documents keep out those of another. */
export type PdfTask = { document: Omit<PdfRequest, "createdAt">; owner: string };

/**
 * Writes PDF documents in a place of their own, with bounds on memory and time. Rejects with `overloaded`, with
 * `payload_too_large` past a bound, and with the signal's reason if it aborts.
 */
export type PdfWriter = {
  write(task: PdfTask, signal: AbortSignal): Promise<WrittenPdf>;
  close(): Promise<void>;
};
