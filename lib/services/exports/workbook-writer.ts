import type { SheetTable } from "#lib/export/xlsx/sheet.ts";

/** Tables of one request. Owners take turns, and nobody's tables keep out those of another. */
export type WorkbookTask = { tables: readonly SheetTable[]; owner: string };

/**
 * Writes workbooks in a place of their own, with bounds on memory and time. Rejects with `overloaded`, with
 * `payload_too_large` past a bound, and with the signal's reason if it aborts.
 */
export type WorkbookWriter = {
  write(task: WorkbookTask, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
};
