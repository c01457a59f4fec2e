import { nextRoute } from "#lib/server/host/next-route.ts";
import { exportPdf } from "#lib/server/routes/export-pdf.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(exportPdf);
