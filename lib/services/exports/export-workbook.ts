import type { SheetTable } from "#lib/export/xlsx/sheet.ts";
import { exportName } from "#lib/services/exports/export-name.ts";
import type { WorkbookWriter } from "#lib/services/exports/workbook-writer.ts";
import type { Caller } from "#lib/services/identity/caller.ts";

export type Workbook = { name: string; bytes: Uint8Array<ArrayBuffer> };

/**
 * Writes tables as a workbook with a safe name. Rejects as the writer does.
 *
 * @param fileName as the client gave it, with or without its extension.
 */
export async function exportWorkbook(
  { fileName, tables }: { fileName: string | undefined; tables: readonly SheetTable[] },
  { caller, signal }: { caller: Caller; signal: AbortSignal },
  writer: WorkbookWriter,
): Promise<Workbook> {
  const bytes = await writer.write({ tables, owner: caller.userId }, signal);
  return { name: exportName(fileName, "table", "xlsx"), bytes };
}
