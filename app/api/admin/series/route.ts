import { nextRoute } from "#lib/server/host/next-route.ts";
import { adminSeries } from "#lib/server/routes/admin-series.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(adminSeries);
