import { nextRoute } from "#lib/server/host/next-route.ts";
import { authDemo } from "#lib/server/routes/accounts.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(authDemo);
