import { nextRoute } from "#lib/server/host/next-route.ts";
import { overrideById } from "#lib/server/routes/overrides.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(overrideById);
