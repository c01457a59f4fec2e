import { nextRoute } from "#lib/server/http/next-route.ts";
import { openApi } from "#lib/server/routes/openapi.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(openApi);
