import { nextRoute } from "#lib/server/host/next-route.ts";
import { health } from "#lib/server/routes/health.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(health);
