import { nextRoute } from "#lib/server/host/next-route.ts";
import { authSignOut } from "#lib/server/routes/accounts.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(authSignOut);
