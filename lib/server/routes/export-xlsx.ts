import { exportXlsxBodySchema, readExportXlsxBody, type WorkbookWish } from "#lib/apis/native/export-xlsx.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import type { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { fileResponse } from "#lib/server/http/file-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { exportWorkbook } from "#lib/services/exports/export-workbook.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** `POST /api/v1/export/xlsx`: tables as an Excel workbook. */
export const exportXlsx = declareRoute({
  path: "/api/v1/export/xlsx",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Export tables to Excel",
      description:
        "A workbook with a sheet for each table. Types are kept, and text never becomes a formula. 50,000 cells at most.",
      answers: async () => ({ 200: { description: "The workbook.", file: XLSX } }),
      body: jsonBody({ schema: exportXlsxBodySchema, maxBytes: 2 * MEGABYTE, read: readExportXlsxBody }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", WorkbookWish>): Promise<PlainResponse> {
  const { gateway, caller, body, request } = call;
  const context = { caller, signal: clientSignal(request) };
  const workbook = await exportWorkbook(body, context, gateway.workbooks);
  return fileResponse({ ...workbook, type: XLSX });
}
