import { nextRoute } from "#lib/server/host/next-route.ts";
import { models } from "#lib/server/routes/models.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(models);
