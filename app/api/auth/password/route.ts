import { nextRoute } from "#lib/server/host/next-route.ts";
import { authPassword } from "#lib/server/routes/account-links.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(authPassword);
