import { exportName } from "#lib/services/exports/export-name.ts";
import type { PdfTask, PdfWriter } from "#lib/services/exports/pdf-writer.ts";
import type { Caller } from "#lib/services/identity/caller.ts";

/** @property fileName as the client gave it, with or without its extension. */
export type PdfWish = PdfTask["document"] & { fileName: string | undefined };

export type ExportedPdf = {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  pages: number;
  missingGlyphs: number;
};

/** Writes a text in Markdown as a PDF document with a safe name. Rejects as the writer does. */
export async function exportPdf(
  { fileName, ...document }: PdfWish,
  { caller, signal }: { caller: Caller; signal: AbortSignal },
  writer: PdfWriter,
): Promise<ExportedPdf> {
  const written = await writer.write({ document, owner: caller.userId }, signal);
  // A heading may name a path; a file's name has none.
  return {
    ...written,
    name: exportName(fileName ?? written.title?.replace(/[\\/]+/g, "-"), "document", "pdf"),
  };
}
