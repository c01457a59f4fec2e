import { nextRoute } from "#lib/server/host/next-route.ts";
import { authCallback } from "#lib/server/routes/account-links.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(authCallback);
