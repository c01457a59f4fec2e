import { nextRoute } from "#lib/server/host/next-route.ts";
import { mcpCatalog } from "#lib/server/routes/mcp-catalog.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(mcpCatalog);
