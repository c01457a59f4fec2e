import { nextRoute } from "#lib/server/host/next-route.ts";
import { metrics } from "#lib/server/routes/metrics.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(metrics);
