import { z } from "zod";
import { fileNameSchema } from "#lib/apis/native/files.ts";
import { SheetReader } from "#lib/apis/native/sheet-reader.ts";
import type { SheetTable } from "#lib/export/xlsx/sheet.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** More than anybody turns over. */
const MAX_SHEETS = 100;

/**
 * The tables are read by `SheetReader`, which counts cells before it looks at any: a schema would first check each of
 * a million. What stands here is their documentation.
 */
const headers = z.unknown().meta({ type: "array", items: { type: "string" } });
const rows = z.unknown().meta({
  type: "array",
  items: { type: "array", items: { type: ["string", "number", "boolean", "null"] } },
  description: "Text stays text; `2026-11-27` and `2026-11-27T10:30:00Z` become dates.",
});
const sheets = z.unknown().meta({
  type: "array",
  minItems: 1,
  maxItems: MAX_SHEETS,
  items: {
    type: "object",
    required: ["headers", "rows"],
    properties: {
      name: { type: "string", description: "Changed where Excel does not allow it." },
      headers: { type: "array", items: { type: "string" } },
      rows: { type: "array", items: { type: "array" } },
    },
  },
  description: "In place of `headers` and `rows`: several sheets.",
});

/** The body of `POST /api/v1/export/xlsx`. */
export const exportXlsxBodySchema = z.object({
  filename: fileNameSchema.nullish().describe("With or without `.xlsx`."),
  headers: headers.optional(),
  rows: rows.optional(),
  sheets: sheets.optional(),
});

export type WorkbookWish = { fileName: string | undefined; tables: readonly SheetTable[] };

/** Throws `invalid_request`. */
export function readExportXlsxBody(body: z.output<typeof exportXlsxBodySchema>): WorkbookWish {
  return { fileName: body.filename ?? undefined, tables: tablesOf(body) };
}

function tablesOf({ headers, rows, sheets }: z.output<typeof exportXlsxBodySchema>): SheetTable[] {
  const reader = new SheetReader();
  if (sheets === undefined || sheets === null) return [reader.read({ headers, rows }, "")];
  if (headers !== undefined || rows !== undefined) {
    throw new GatewayError("invalid_request", "Send either `headers` and `rows`, or `sheets`.");
  }
  if (!Array.isArray(sheets) || sheets.length === 0 || sheets.length > MAX_SHEETS) {
    throw new GatewayError("invalid_request", `"sheets": must be a list of 1 to ${MAX_SHEETS} sheets.`);
  }
  return sheets.map((sheet: unknown, index) => reader.read(sheet, `sheets.${index}.`));
}
