import type { SheetTable } from "#lib/export/xlsx/sheet.ts";

/** To the thread: what one workbook holds. */
export type WorkbookRequest = { tables: readonly SheetTable[] };

/** From the thread, once for each request. */
export type WorkbookReply =
  | { type: "written"; bytes: Uint8Array<ArrayBuffer> }
  /** For the log. */
  | { type: "failed"; message: string };
