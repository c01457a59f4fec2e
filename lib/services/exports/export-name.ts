import { cleanFileName } from "#lib/services/documents/file-name.ts";

/**
 * A safe name for a file that is made, with its extension.
 *
 * @param given what the client calls it, with or without the extension.
 * @param fallback for a name of which nothing is left, without the extension.
 */
export function exportName(given: string | undefined, fallback: string, extension: "pdf" | "xlsx"): string {
  const end = `.${extension}`;
  const name = cleanFileName(given, fallback);
  const stem = name.toLowerCase().endsWith(end) ? name.slice(0, -end.length) : name;
  return cleanFileName(`${stem}${end}`, `${fallback}${end}`);
}
