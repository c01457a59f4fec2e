import { nextRoute } from "#lib/server/host/next-route.ts";
import { overrides } from "#lib/server/routes/overrides.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(overrides);
