import { nextRoute } from "#lib/server/host/next-route.ts";
import { pluginInvoke } from "#lib/server/routes/plugins.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(pluginInvoke);
