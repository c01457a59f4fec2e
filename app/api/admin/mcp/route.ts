import { nextRoute } from "#lib/server/host/next-route.ts";
import { adminMcp } from "#lib/server/routes/admin-mcp.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(adminMcp);
