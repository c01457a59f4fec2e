import { nextRoute } from "#lib/server/host/next-route.ts";
import { mcp } from "#lib/server/routes/mcp.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(mcp);
