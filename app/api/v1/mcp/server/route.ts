import { nextRoute } from "#lib/server/host/next-route.ts";
import { mcpServer } from "#lib/server/routes/mcp-server.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(mcpServer);
