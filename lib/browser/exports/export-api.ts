import { callApi, type FetchLike, fetchFile } from "#lib/browser/api.ts";
import { readTurns, type Turn } from "#lib/browser/turns.ts";

type ExportCall = { signal?: AbortSignal; fetch?: FetchLike };

/** Markdown as a PDF. */
export function pdfOf(
  document: { content: string; title: string; filename: string },
  call: ExportCall = {},
): Promise<Blob> {
  return fetchFile("/api/v1/export/pdf", { method: "POST", body: document, ...call });
}

/** A table as an Excel file. */
export function xlsxOf(
  table: { headers: readonly string[]; rows: readonly (readonly unknown[])[]; filename: string },
  call: ExportCall = {},
): Promise<Blob> {
  return fetchFile("/api/v1/export/xlsx", { method: "POST", body: table, ...call });
}

/** A saved conversation, to be exported. */
export async function savedTurns(sessionId: string, call: ExportCall = {}): Promise<Turn[]> {
  let key = 0;
  const session = await callApi(`/api/sessions/${encodeURIComponent(sessionId)}`, call);
  return readTurns(session, () => key++);
}
