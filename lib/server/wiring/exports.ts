import { PdfPool } from "#lib/adapters/workers/pdf-pool.ts";
import { WorkbookPool } from "#lib/adapters/workers/workbook-pool.ts";
import type { PdfWriter } from "#lib/services/exports/pdf-writer.ts";
import type { WorkbookWriter } from "#lib/services/exports/workbook-writer.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** What writes workbooks. Its thread starts with the first table. */
export function createWorkbookWriter(logger: Logger, clock: Clock): WorkbookWriter {
  return new WorkbookPool(logger, clock);
}

/** What writes PDF documents. Its thread starts with the first document. */
export function createPdfWriter(logger: Logger, clock: Clock): PdfWriter {
  return new PdfPool(logger, clock);
}

type ExportMakers = {
  createWorkbookWriter: typeof createWorkbookWriter;
  createPdfWriter: typeof createPdfWriter;
};

/** What makes files for users. */
export function exportParts(logger: Logger, clock: Clock, make: ExportMakers) {
  return {
    workbooks: lazy(() => make.createWorkbookWriter(logger, clock)),
    pdfs: lazy(() => make.createPdfWriter(logger, clock)),
  };
}
