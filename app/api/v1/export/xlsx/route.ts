import { nextRoute } from "#lib/server/host/next-route.ts";
import { exportXlsx } from "#lib/server/routes/export-xlsx.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(exportXlsx);
