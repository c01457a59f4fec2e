import { nextRoute } from "#lib/server/host/next-route.ts";
import { adminHealth } from "#lib/server/routes/admin-health.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(adminHealth);
