import { nextRoute } from "#lib/server/host/next-route.ts";
import { openApi } from "#lib/server/routes/api-routes.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(openApi);
