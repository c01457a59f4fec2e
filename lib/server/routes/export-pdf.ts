import { exportPdfBodySchema, readExportPdfBody } from "#lib/apis/native/export-pdf.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import type { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { fileResponse } from "#lib/server/http/file-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { type PdfWish, exportPdf as writeExport } from "#lib/services/exports/export-pdf.ts";

const PDF = "application/pdf";

/** `POST /api/v1/export/pdf`: a text as a PDF document. */
export const exportPdf = declareRoute({
  path: "/api/v1/export/pdf",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Export Markdown to PDF",
      description:
        "A document with an outline, page numbers and embedded fonts. `x-missing-glyphs` counts the characters that " +
        "no installed font has; they are drawn as boxes. `x-page-count` is the number of pages.",
      answers: async () => ({ 200: { description: "The document.", file: PDF } }),
      body: jsonBody({ schema: exportPdfBodySchema, maxBytes: 2 * MEGABYTE, read: readExportPdfBody }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", PdfWish>): Promise<PlainResponse> {
  const { gateway, caller, body, request } = call;
  const { bytes, name, pages, missingGlyphs } = await writeExport(
    body,
    { caller, signal: clientSignal(request) },
    gateway.pdfs,
  );
  const response = fileResponse({ bytes, name, type: PDF });
  response.addHeaders({ "x-page-count": `${pages}`, "x-missing-glyphs": `${missingGlyphs}` });
  return response;
}
