import { nextRoute } from "#lib/server/host/next-route.ts";
import { keys } from "#lib/server/routes/keys.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(keys);
