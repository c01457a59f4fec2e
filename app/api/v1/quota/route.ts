import { nextRoute } from "#lib/server/host/next-route.ts";
import { quota } from "#lib/server/routes/quota.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(quota);
